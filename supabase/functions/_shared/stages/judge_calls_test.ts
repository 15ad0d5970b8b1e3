import { deepEqual, equal, rejects } from "node:assert/strict";
import type { ModelResult } from "../model/model_result.ts";
import type { RunStatus } from "../queue/task_queue.ts";
import { type CallLedger, createJudge, type EndedCall } from "./judge_calls.ts";
import type { TaskError } from "../task_error.ts";

interface Exchange {
  status: RunStatus;
  granted: number;
}

/** A ledger that grants as `exchanges` say, then everything; and a model that answers in turn. */
function createFakes(
  { exchanges = [], answers = [] }: {
    exchanges?: Exchange[];
    answers?: (string | TaskError)[];
  },
) {
  const ended: EndedCall[] = [];
  const log: string[] = [];
  let nextId = 1;
  let spent = false;
  const ledger: CallLedger = {
    exchange: (_, calls, wanted) => {
      ended.push(...calls);
      const planned = wanted.length > 0 ? exchanges.shift() : undefined;
      const count = Math.min(wanted.length, planned?.granted ?? Infinity);
      log.push(`${count} of ${wanted.length}`);
      return Promise.resolve({
        status: planned?.status ?? "running",
        granted: Array.from({ length: count }, () => nextId++),
        waitMs: count < wanted.length ? 100 : 0,
      });
    },
    openEndpoint: () =>
      Promise.resolve({ call: () => Promise.resolve(toResult(answers)) }),
  };
  const judge = createJudge(ledger, {
    clock: { now: () => 0, wait: () => Promise.resolve() },
    signal: new AbortController().signal,
    isSpent: () => spent,
  });
  return {
    ledger,
    ask: (prompt = "?") => judge({ endpoint: "judge", prompt }),
    ended,
    log,
    spend: () => spent = true,
  };
}

function toResult(answers: (string | TaskError)[]): ModelResult {
  const answer = answers.shift() ?? "fine";
  return typeof answer === "string"
    ? {
      ok: true,
      text: answer,
      finishReason: "stop",
      durationMs: 5,
      inputTokens: 7,
      outputTokens: 3,
    }
    : { ok: false, error: answer, durationMs: 5 };
}

function failure(kind: TaskError["class"]): TaskError {
  return { class: kind, code: kind, message: kind };
}

Deno.test("createJudge() reserves a call and counts it before it answers", async () => {
  const { ask, ended } = createFakes({});
  const result = await ask();
  equal(result.ok && result.text, "fine");
  deepEqual(
    ended.map(({ id, outcome, inputTokens, outputTokens }) => [
      id,
      outcome,
      inputTokens,
      outputTokens,
    ]),
    [[1, "succeeded", 7, 3]],
  );
});

Deno.test("createJudge() makes no more calls than are granted", async () => {
  const { ask, log } = createFakes({
    exchanges: [
      { status: "running", granted: 0 },
      { status: "running", granted: 1 },
    ],
  });
  const results = await Promise.all([ask(), ask()]);
  equal(results.every(({ ok }) => ok), true);
  deepEqual(log.slice(0, 2), ["0 of 2", "1 of 2"]);
});

Deno.test("createJudge() waits for rate limits without giving up", async () => {
  const { ask, ended } = createFakes({
    answers: Array.from({ length: 5 }, () => failure("rate")),
  });
  equal((await ask()).ok, true);
  equal(ended.length, 6);
});

Deno.test("createJudge() gives up after three tries that failed for a passing reason", async () => {
  const { ask, ended } = createFakes({
    answers: Array.from({ length: 5 }, () => failure("transient")),
  });
  equal((await ask()).ok, false);
  equal(ended.length, 3);
});

Deno.test("createJudge() asks once when another try would fail too", async () => {
  for (const kind of ["permanent", "stop"] as const) {
    const { ask, ended } = createFakes({ answers: [failure(kind)] });
    equal((await ask()).ok, false);
    equal(ended.length, 1);
  }
});

Deno.test("createJudge() interrupts calls of a run that is paused", async () => {
  const { ask } = createFakes({
    exchanges: [{ status: "paused", granted: 0 }],
  });
  await rejects(ask(), { name: "CallInterrupted" });
});

Deno.test("createJudge() reserves nothing when the worker must stop", async () => {
  const { ask, spend, log } = createFakes({});
  spend();
  await rejects(ask(), { name: "CallInterrupted" });
  deepEqual(log, []);
});

Deno.test("createJudge() fails the calls whose exchange failed", async () => {
  const { ask, ledger } = createFakes({});
  ledger.exchange = () => Promise.reject(new Error("database is down"));
  await rejects(ask(), { message: "database is down" });
});

Deno.test("createJudge() does not call for an answer that is known", async () => {
  const { ask, ledger, log } = createFakes({});
  ledger.findAnswer = () => Promise.resolve(toResult(["known"]));
  const result = await ask();
  equal(result.ok && result.text, "known");
  deepEqual(log, []);
});
