import { assertEquals, assertMatch } from "@std/assert";
import type { EgressVerdict } from "../model/egress_guard.ts";
import type { Task, TaskOutcome } from "../queue/task_queue.ts";
import { createNotifyHandler } from "./deliver_webhooks.ts";

interface Sent {
  url: string;
  headers: Headers;
  body: string;
  redirect?: string;
}

/** Delivers one event to a receiver that answers with `reply`. */
async function deliver(
  reply: () => Promise<Response>,
  { attempt = 1, verdict = { verdict: "allowed" } as EgressVerdict } = {},
): Promise<{ outcome: TaskOutcome; sent: Sent[] }> {
  const sent: Sent[] = [];
  const handle = createNotifyHandler({
    fetch: (url, init) => {
      sent.push({
        url: String(url),
        headers: new Headers(init?.headers),
        body: String(init?.body),
        redirect: init?.redirect,
      });
      return reply();
    },
    guard: { check: () => Promise.resolve(verdict) },
    readSecret: () => Promise.resolve("whsec_c2VjcmV0"),
    now: () => 1_700_000_000_000,
    random: () => 0.5,
  });
  const task: Task = {
    id: 1,
    key: "evt_1",
    attempt,
    repetition: 1,
    enqueuedAt: "2026-01-01T00:00:00Z",
    leaseToken: "t",
    payload: {
      url: "https://receiver.example/hook",
      body: { type: "pipeline.run.completed", timestamp: "t", data: {} },
    },
  };
  const outcome = await handle(task, {
    signal: new AbortController().signal,
    isSpent: () => false,
  });
  return { outcome: outcome!, sent };
}

function answer(status: number, headers: Record<string, string> = {}) {
  return () =>
    Promise.resolve(
      new Response(status === 204 ? null : "said", { status, headers }),
    );
}

function waitOf(outcome: TaskOutcome): number | undefined {
  return outcome.outcome === "failed" ? outcome.error.retryAfterMs : undefined;
}

Deno.test("createNotifyHandler() sends a signed event and keeps the answer", async () => {
  const { outcome, sent } = await deliver(answer(200));
  assertEquals(outcome, {
    outcome: "succeeded",
    delivery: { statusCode: 200, response: "said", durationMs: 0 },
  });
  assertEquals(sent[0].url, "https://receiver.example/hook");
  assertEquals(sent[0].redirect, "manual");
  assertEquals(sent[0].headers.get("webhook-id"), "evt_1");
  assertEquals(sent[0].headers.get("webhook-timestamp"), "1700000000");
  assertMatch(
    sent[0].headers.get("webhook-signature")!,
    /^v1,[A-Za-z0-9+/]{43}=$/,
  );
  assertEquals(JSON.parse(sent[0].body).type, "pipeline.run.completed");
});

Deno.test("createNotifyHandler() tries again after anything but 2xx and 410", async () => {
  for (const status of [301, 400, 404, 429, 500]) {
    const { outcome } = await deliver(answer(status));
    assertEquals(
      outcome.outcome === "failed" && outcome.error.class,
      "transient",
    );
    assertEquals((outcome as { delivery?: unknown }).delivery, {
      statusCode: status,
      response: "said",
      durationMs: 0,
    });
  }
  const gone = (await deliver(answer(410))).outcome;
  assertEquals(gone.outcome === "failed" && gone.error.class, "permanent");
});

Deno.test("createNotifyHandler() keeps the schedule of the Standard Webhooks", async () => {
  const minutes = [];
  for (let attempt = 1; attempt <= 9; attempt++) {
    const { outcome } = await deliver(answer(500), { attempt });
    minutes.push(waitOf(outcome)! / 60_000);
  }
  assertEquals(minutes, [5 / 60, 5, 30, 120, 300, 600, 840, 1200, 1440]);
});

Deno.test("createNotifyHandler() waits longer when Retry-After says so, never less", async () => {
  const longer = await deliver(answer(503, { "retry-after": "60" }));
  assertEquals(waitOf(longer.outcome), 60_000);
  const shorter = await deliver(answer(503, { "retry-after": "1" }));
  assertEquals(waitOf(shorter.outcome), 5_000);
});

Deno.test("createNotifyHandler() sends nothing to where the egress guard forbids", async () => {
  const { outcome, sent } = await deliver(answer(200), {
    verdict: { verdict: "refused", reason: "private" },
  });
  assertEquals(
    outcome.outcome === "failed" && outcome.error.class,
    "permanent",
  );
  assertEquals(sent.length, 0);
});

Deno.test("createNotifyHandler() tries again when nobody answers", async () => {
  const { outcome } = await deliver(() => Promise.reject(new TypeError("no")));
  assertEquals(
    outcome.outcome === "failed" && outcome.error.code,
    "unreachable",
  );
  assertEquals(waitOf(outcome), 5_000);
});
