import { PipelineError } from "../errors.ts";
import type { EgressGuard } from "../model/egress_guard.ts";
import { readText, ResponseTooLarge } from "../model/response_body.ts";
import { readRetryAfter } from "../model/retry_after.ts";
import { repeatWhileUnavailable } from "../call_patiently.ts";
import type { Clock } from "../clock.ts";

const TIMEOUT_MS = 60_000;
/** A hundred scores with explanations of 2,000 characters are a quarter of it. */
const MOST_BYTES = 1_000_000;
const SCHEDULE = { retries: 2, firstMs: 500, mostMs: 10_000 };

/**
 * Posts JSON to a URL of a user and gives the JSON that it answers, of 1 MB at most. Only https and
 * public addresses, no redirects; 60 s per try, three tries for what may pass (network, 408, 425, 429,
 * 5xx). It asks for an answer that is not compressed, so that what arrives is what is counted; Deno
 * 2.1 decompresses all the same, and then what comes out is.
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
      headers: {
        "content-type": "application/json",
        "accept-encoding": "identity",
      },
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
      const asked = readRetryAfter(response.headers, clock.now());
      throw new PipelineError(
        passes ? "unavailable" : "invalid_request",
        `${url.host} answered ${response.status}`,
        { retryAfterMs: asked && Math.min(asked, SCHEDULE.mostMs) },
      );
    }
    const text = await readText(response, MOST_BYTES).catch((cause) => {
      const isTooLarge = cause instanceof ResponseTooLarge;
      throw new PipelineError(
        isTooLarge ? "invalid_request" : "unavailable",
        isTooLarge
          ? `${url.host} answered more than ${MOST_BYTES} bytes`
          : `${url.host} broke off its answer`,
        { cause },
      );
    });
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new PipelineError(
        "invalid_request",
        `${url.host} did not answer JSON`,
        { cause },
      );
    }
  }

  return async function postJson(address, body) {
    const url = new URL(address);
    const text = JSON.stringify(body);
    return await repeatWhileUnavailable(
      () => tryOnce(url, text),
      { clock, signal, schedule: SCHEDULE },
    );
  };
}
