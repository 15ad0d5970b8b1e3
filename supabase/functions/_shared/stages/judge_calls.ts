import type { JudgeRequest } from "../evaluation/evaluator.ts";
import type { ModelCaller } from "../model/call_model.ts";
import type { ModelResult } from "../model/model_result.ts";
import { pauseForLimits } from "../model/pause_for_limits.ts";
import type { Clock } from "../clock.ts";
import type { RunStatus } from "../queue/task_queue.ts";

/** A reserved call that has ended, as `exchange_calls()` takes it. */
export interface EndedCall extends Record<string, unknown> {
  id: number;
  outcome: "succeeded" | "failed";
}

/** What the judges of a worker ask of the database; see the SQL functions of the same names. */
export interface CallLedger {
  /** Reports ended calls and reserves wanted ones, given by their expected input tokens. */
  exchange(
    endpoint: string,
    ended: EndedCall[],
    wanted: number[],
  ): Promise<{ status: RunStatus; granted: number[]; waitMs: number }>;
  /** The caller for an endpoint of this name; rejects when there is none. */
  openEndpoint(name: string): Promise<ModelCaller>;
  /** What was answered to the same request before; absent when the run does not cache. */
  findAnswer?(request: JudgeRequest): Promise<ModelResult | null>;
}

/** A call that was not made because the worker must stop or the run has been paused. */
export class CallInterrupted extends Error {
  override readonly name = "CallInterrupted";
}

/** Tries of a call that failed for a reason that may pass; waiting for a rate limit is none. */
const TRIES = 3;
const MOST_WANTED = 50;
/** Calls that end or begin within so many milliseconds are exchanged together. */
const EXCHANGE_MS = 20;

/**
 * Calls judges within the limits that all workers share: every call is reserved in the database
 * before it leaves, and its tokens and cost are counted before its answer is given back.
 *
 * @throws {CallInterrupted} when the run is no longer running or `isSpent` says so.
 */
export function createJudge(
  ledger: CallLedger,
  { clock, signal, isSpent }: {
    clock: Clock;
    signal: AbortSignal;
    isSpent(): boolean;
  },
): (request: JudgeRequest) => Promise<ModelResult> {
  const gates = new Map<string, Gate>();
  const callers = new Map<string, Promise<ModelCaller>>();

  function gateTo(endpoint: string): Gate {
    const gate = gates.get(endpoint) ??
      createGate(endpoint, ledger, { clock, signal, isSpent });
    gates.set(endpoint, gate);
    return gate;
  }

  function callerOf(endpoint: string): Promise<ModelCaller> {
    const caller = callers.get(endpoint) ?? ledger.openEndpoint(endpoint);
    callers.set(endpoint, caller);
    return caller;
  }

  return async function judge(request) {
    const known = await ledger.findAnswer?.(request);
    if (known) return known;
    const caller = await callerOf(request.endpoint);
    const gate = gateTo(request.endpoint);
    for (let tries = 1;; tries++) {
      const id = await gate.reserve(estimateTokens(request));
      const result = await caller.call({
        prompt: request.prompt,
        messages: request.messages,
        parameters: { ...request.parameters, model: request.model },
        signal,
      });
      await gate.end(toEndedCall(id, request, result));
      if (result.ok) return result;
      const { class: kind, retryAfterMs } = result.error;
      if (kind === "rate") tries--;
      else if (kind !== "transient" || tries === TRIES) return result;
      else await clock.wait(retryAfterMs ?? 1000 * 2 ** (tries - 1), signal);
    }
  };
}

interface Gate {
  reserve(tokens: number): Promise<number>;
  end(call: EndedCall): Promise<void>;
}

function createGate(
  endpoint: string,
  ledger: CallLedger,
  { clock, signal, isSpent }: {
    clock: Clock;
    signal: AbortSignal;
    isSpent(): boolean;
  },
): Gate {
  const waiting: { tokens: number; answer: PromiseWithResolvers<number> }[] =
    [];
  const ended: { call: EndedCall; counted: PromiseWithResolvers<void> }[] = [];
  let isExchanging = false;
  let callEnded = Promise.withResolvers<void>();

  async function exchangeUntilQuiet() {
    if (isExchanging) return;
    isExchanging = true;
    try {
      while (waiting.length > 0 || ended.length > 0) await exchangeOnce();
    } finally {
      isExchanging = false;
    }
  }

  async function exchangeOnce() {
    await clock.wait(EXCHANGE_MS, signal);
    const mayCall = !signal.aborted && !isSpent();
    if (!mayCall) interrupt("the worker must stop");
    const reported = ended.splice(0);
    const asked = waiting.slice(0, MOST_WANTED);
    if (reported.length === 0 && asked.length === 0) return;
    try {
      const { status, granted, waitMs } = await ledger.exchange(
        endpoint,
        reported.map(({ call }) => call),
        asked.map(({ tokens }) => tokens),
      );
      reported.forEach(({ counted }) => counted.resolve());
      granted.forEach((id) => waiting.shift()!.answer.resolve(id));
      if (status !== "running") interrupt(`the run is ${status}`);
      if (waiting.length > 0 && waitMs > 0) {
        callEnded = Promise.withResolvers();
        await Promise.race([clock.wait(waitMs, signal), callEnded.promise]);
      }
    } catch (error) {
      reported.forEach(({ counted }) => counted.reject(error));
      waiting.splice(0).forEach(({ answer }) => answer.reject(error));
    }
  }

  function interrupt(reason: string) {
    const interruption = new CallInterrupted(
      `Cannot call "${endpoint}": ${reason}`,
    );
    waiting.splice(0).forEach(({ answer }) => answer.reject(interruption));
  }

  return {
    reserve(tokens) {
      const answer = Promise.withResolvers<number>();
      waiting.push({ tokens, answer });
      exchangeUntilQuiet();
      return answer.promise;
    },
    end(call) {
      const counted = Promise.withResolvers<void>();
      ended.push({ call, counted });
      callEnded.resolve();
      exchangeUntilQuiet();
      return counted.promise;
    },
  };
}

/** Four characters a token is the vendors' own rule of thumb for English text. */
function estimateTokens({ prompt, messages = [] }: JudgeRequest): number {
  const characters = messages.reduce(
    (sum, { content }) => sum + content.length,
    prompt.length,
  );
  return Math.ceil(characters / 4);
}

function toEndedCall(
  id: number,
  request: JudgeRequest,
  result: ModelResult,
): EndedCall {
  const { endpoint: _, ...asked } = request;
  const facts = {
    id,
    inputTokens: result.inputTokens,
    outputTokens: result.outputTokens,
    durationMs: Math.round(result.durationMs),
    pauseMs: pauseForLimits(
      result.limits,
      (result.inputTokens ?? 0) + (result.outputTokens ?? 0),
    ) || undefined,
  };
  return result.ok
    ? {
      ...facts,
      outcome: "succeeded",
      request: asked,
      response: result.text,
      model: result.model,
      finishReason: result.finishReason,
    }
    : { ...facts, outcome: "failed", error: result.error };
}
