import { assertEquals } from "@std/assert";
import type { LogFacts } from "../log.ts";
import { logQueue } from "./logged_queue.ts";
import type { Claim, Task, TaskOutcome, TaskQueue } from "./task_queue.ts";
import { createTasks } from "./testing/fake_queue.ts";

const SECRETS = ["the prompt", "the answer", "sb_secret_key"];

function createLogged(
  { claim = {}, finish = {}, reason }: {
    claim?: Partial<Claim>;
    finish?: Partial<Awaited<ReturnType<TaskQueue["finish"]>>>;
    reason?: string;
  } = {},
) {
  const lines: [string, string, LogFacts][] = [];
  const stop = new AbortController();
  if (reason) stop.abort(new Error("beforeunload", { cause: reason }));
  const queue = logQueue(
    {
      claim: () =>
        Promise.resolve({
          status: "running",
          slots: 1,
          tasks: [],
          waitMs: 10,
          ...claim,
        }),
      finish: (results: { task: Task }[]) =>
        Promise.resolve({
          status: "running",
          finished: results.slice(1).map(({ task }) => task.id),
          blockedMs: 0,
          ...finish,
        }),
      release: () => Promise.resolve(),
      handOver: () => Promise.resolve(),
      end: () => Promise.resolve(),
    } as unknown as TaskQueue,
    { worker: "w", run: 1, stage: "execute", endpoint: "e" },
    (...line) => lines.push(line),
    {
      clock: { now: () => 5, wait: () => Promise.resolve() },
      stop: stop.signal,
    },
  );
  const last = () => lines.at(-1)![2];
  return { queue, lines, last };
}

const holding = { inFlight: 0, held: 0, ahead: 0 };

/** Three results: one lost, one answered, one that the model refused. */
function createResults(
  code = "http_500",
): { task: Task; outcome: TaskOutcome }[] {
  const outcomes: TaskOutcome[] = [
    { outcome: "succeeded", response: "the answer", durationMs: 3 },
    { outcome: "succeeded", response: "the answer", durationMs: 3 },
    {
      outcome: "failed",
      error: {
        class: "transient",
        code,
        message: "the prompt sb_secret_key",
      },
      durationMs: 3,
    },
  ];
  return createTasks(3).map((task, index) => ({
    task: { ...task, payload: { text: "the prompt" } },
    outcome: outcomes[index],
  }));
}

Deno.test("logQueue() counts what a worker did and never tells what was asked or said", async () => {
  const { queue, lines } = createLogged();
  await queue.claim(holding);
  await queue.finish(createResults());
  await queue.release(createTasks(2));
  await queue.handOver(4);
  await queue.end({} as never);
  const about = { run: 1, stage: "execute", worker: "w", endpoint: "e" };
  assertEquals(lines, [
    ["info", "worker started", about],
    ["info", "hand-over", { ...about, capacity: 4 }],
    ["info", "worker ended", {
      ...about,
      why: "budget spent",
      finished: 2,
      lost: 1,
      released: 2,
      calls: 2,
      failures: { http_500: 1 },
      durationMs: 0,
    }],
  ]);
  for (const secret of SECRETS) {
    assertEquals(JSON.stringify(lines).includes(secret), false);
  }
});

Deno.test("logQueue() tells pauses, rate limits and results that were refused", async () => {
  const { queue, lines } = createLogged({
    finish: { status: "paused", blockedMs: 1500.4 },
  });
  await queue.finish(createResults("not_storable"));
  await queue.finish([]);
  assertEquals(
    lines.slice(1).map(([level, event, { task, ms, status }]) => [
      level,
      event,
      task ?? ms ?? status,
    ]),
    [
      ["warn", "result refused", 2],
      ["warn", "cool-down", 1500],
      ["warn", "run status", "paused"],
      ["warn", "cool-down", 1500],
    ],
  );
});

Deno.test("logQueue() says why a worker ends", async () => {
  for (
    const [why, given] of [
      ["no work", { claim: { waitMs: null } }],
      ["handed over", { claim: { handedOver: true } }],
      ["no slot", { claim: { noShare: true } }],
      ["run cancelled", { claim: { status: "cancelled" } }],
      ["cpu", { reason: "cpu" }],
    ] as const
  ) {
    const { queue, last } = createLogged(given as never);
    await queue.claim(holding);
    await queue.end({} as never);
    assertEquals(last().why, why);
  }
});
