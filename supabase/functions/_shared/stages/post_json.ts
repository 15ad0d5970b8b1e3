import { PipelineError } from "../errors.ts";
import type { EgressGuard } from "../model/egress_guard.ts";
import { readRetryAfter } from "../model/retry_after.ts";
import type { Clock } from "../clock.ts";

const TIMEOUT_MS = 60_000;
const TRIES = 3;

/**
 * Posts JSON to a URL of a user and gives the JSON that it answers. Only https and public addresses,
 * no redirects; 60 s per try, three tries for what may pass (network, 408, 425, 429, 5xx).
 *
 * @throws {PipelineError} `unavailable` for what may pass, `invalid_request` for everything else.
 */
export function createPostJson(
  { fetch, guard, clock, signal }: {
    fetch: typeof globalThis.fetch;
    guard: EgressGuard;
    clock: Clock;
    signal: AbortSignal;
  },
): (url: string, body: unknown) => Promise<unknown> {
  async function tryOnce(url: URL, body: string): Promise<unknown> {
    const egress = await guard.check(url);
    if (egress.verdict !== "allowed") {
      throw new PipelineError(
        egress.verdict === "refused" ? "invalid_request" : "unavailable",
        egress.reason,
      );
    }
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    }).catch((cause) => {
      throw new PipelineError(
        "unavailable",
        `Cannot reach ${url.host}: ${cause.message}`,
        { cause },
      );
    });
    if (!response.ok) {
      await response.body?.cancel();
      const passes = [408, 425, 429].includes(response.status) ||
        response.status >= 500;
      throw new PipelineError(
        passes ? "unavailable" : "invalid_request",
        `${url.host} answered ${response.status}`,
        {
          cause: {
            retryAfterMs: readRetryAfter(response.headers, clock.now()),
          },
        },
      );
    }
    return await response.json().catch((cause) => {
      throw new PipelineError(
        "invalid_request",
        `${url.host} did not answer JSON`,
        { cause },
      );
    });
  }

  return async function postJson(address, body) {
    const url = new URL(address);
    const text = JSON.stringify(body);
    for (let tries = 1;; tries++) {
      try {
        return await tryOnce(url, text);
      } catch (error) {
        const passes = error instanceof PipelineError &&
          error.code === "unavailable";
        if (!passes || tries === TRIES || signal.aborted) throw error;
        await clock.wait(waitOf(error, tries), signal);
      }
    }
  };
}

function waitOf({ cause }: PipelineError, tries: number): number {
  const asked = (cause as { retryAfterMs?: number } | undefined)?.retryAfterMs;
  return Math.min(asked ?? 500 * 2 ** (tries - 1), 10_000);
}
