import { assertEquals, assertRejects } from "@std/assert";
import { PipelineError } from "../errors.ts";
import { finishResults } from "./finish_results.ts";
import type { TaskOutcome, TaskQueue } from "./task_queue.ts";
import { createTasks } from "./testing/fake_queue.ts";

function createQueue(refuses: (outcome: TaskOutcome) => boolean) {
  const stored = new Map<number, TaskOutcome>();
  const finish: TaskQueue["finish"] = (results) => {
    if (results.some(({ outcome }) => refuses(outcome))) {
      return Promise.reject(new PipelineError("invalid_request", "no JSON"));
    }
    for (const { task, outcome } of results) stored.set(task.id, outcome);
    const finished = results.map(({ task }) => task.id);
    return Promise.resolve({ status: "running", finished, blockedMs: 0 });
  };
  return { queue: { finish }, stored };
}

const results = createTasks(100).map((task) => ({
  task,
  outcome: {
    outcome: "succeeded" as const,
    response: task.id === 42 ? "bad" : "good",
    outputTokens: 9,
  },
}));

Deno.test("finishResults() finds the one result that is refused and fails it with its usage", async () => {
  const { queue, stored } = createQueue(({ response }) => response === "bad");
  const { finished } = await finishResults(queue, results);
  assertEquals(finished.length, 100);
  assertEquals(stored.get(41), results[41].outcome);
  assertEquals(stored.get(42), {
    outcome: "failed",
    error: {
      class: "permanent",
      code: "not_storable",
      message: "Cannot store what came of it: no JSON",
    },
    inputTokens: undefined,
    outputTokens: 9,
    durationMs: undefined,
    usage: undefined,
    cached: undefined,
  });
});

Deno.test("finishResults() gives up at once when nothing at all is taken", async () => {
  const { queue, stored } = createQueue(() => true);
  await assertRejects(() => finishResults(queue, results), PipelineError);
  assertEquals(stored.size, 0);
});

Deno.test("finishResults() asks no more of a database that is away", async () => {
  let calls = 0;
  const finish = () => {
    calls++;
    return Promise.reject(new PipelineError("unavailable", "away"));
  };
  await assertRejects(() => finishResults({ finish }, results), PipelineError);
  assertEquals(calls, 1);
});
