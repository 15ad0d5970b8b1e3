import type { Clock } from "../clock.ts";
import type { EgressGuard } from "../model/egress_guard.ts";
import { readBeginning } from "../model/response_body.ts";
import { readRetryAfter } from "../model/retry_after.ts";
import type { TaskHandler } from "../queue/task_handler.ts";
import type { TaskOutcome } from "../queue/task_queue.ts";
import type { TaskError } from "../task_error.ts";
import { signWebhook } from "./webhook_signature.ts";

/** The payload of a notify task, as `announce_run()` writes it. */
export interface WebhookEvent {
  url: string;
  body: { type: string; timestamp: string; data: unknown };
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Waits before the attempts after the first, as the Standard Webhooks advise; ten attempts in all. */
const WAITS_MS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];
const TIMEOUT_MS = 20 * SECOND;
const GONE = 410;
const MOST_RESPONSE_BYTES = 1_000;

/** What became of one attempt. */
interface Delivery {
  statusCode?: number;
  /** Beginning of the answer. */
  response?: string;
  durationMs: number;
}

/**
 * Works on stage notify: one signed POST per event. Only 2xx is success; a redirect is not followed
 * and fails the attempt, 410 ends the event, everything else is tried again on the schedule, later
 * when Retry-After says so.
 *
 * @param dependencies.random from 0 to 1; the jitter of up to a tenth in either direction
 */
export function createNotifyHandler(
  { fetch, guard, readSecret, now, random }: {
    fetch: typeof globalThis.fetch;
    guard: EgressGuard;
    readSecret(): Promise<string>;
    now: Clock["now"];
    random(): number;
  },
): TaskHandler {
  return async function deliverWebhook(task, { signal }) {
    const { url, body } = task.payload as WebhookEvent;
    const startedAt = now();
    const wait = WAITS_MS[Math.min(task.attempt, WAITS_MS.length) - 1] *
      (0.9 + 0.2 * random());

    function fail(
      error: Omit<TaskError, "retryAfterMs">,
      delivery: Partial<Delivery> = {},
      retryAfterMs = 0,
    ): TaskOutcome {
      return {
        outcome: "failed",
        error: { ...error, retryAfterMs: Math.max(wait, retryAfterMs) },
        delivery: { durationMs: Math.round(now() - startedAt), ...delivery },
      };
    }

    const egress = await guard.check(new URL(url));
    if (egress.verdict !== "allowed") {
      return fail({
        class: egress.verdict === "refused" ? "permanent" : "transient",
        code: "egress",
        message: egress.reason,
      });
    }
    const message = {
      id: task.key,
      timestamp: Math.floor(now() / 1000),
      body: JSON.stringify(body),
    };
    const signature = await signWebhook(await readSecret(), message);
    let response: Response;
    try {
      response = await fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "webhook-id": message.id,
          "webhook-timestamp": String(message.timestamp),
          "webhook-signature": signature,
        },
        body: message.body,
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
    } catch (error) {
      return fail({
        class: "transient",
        code: "unreachable",
        message: `The receiver could not be reached: ${
          (error as Error).message
        }`,
      });
    }
    const delivery = {
      statusCode: response.status,
      response: await readBeginning(response, MOST_RESPONSE_BYTES) || undefined,
      durationMs: Math.round(now() - startedAt),
    };
    if (response.ok) return { outcome: "succeeded", delivery };
    return fail(
      {
        class: response.status === GONE ? "permanent" : "transient",
        code: `http_${response.status}`,
        message: `The receiver answered ${response.status}`,
      },
      delivery,
      readRetryAfter(response.headers, now()),
    );
  };
}
