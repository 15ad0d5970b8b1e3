import { assertEquals, assertObjectMatch, assertRejects } from "@std/assert";
import type { RunStatus, Task } from "../queue/task_queue.ts";
import { continueList } from "./continue_list.ts";

const task: Task = {
  id: 7,
  key: "source",
  attempt: 1,
  repetition: 1,
  payload: { kind: "list", after: 500 },
  enqueuedAt: "2026-01-01T00:00:00Z",
  leaseToken: "t",
};

/** A list of so many parts, and what comes then; the run has `status` from the second on. */
function createList(
  parts: number,
  status: RunStatus = "running",
  last: "end" | "waits" | "failed" = "end",
) {
  const asked: Task[] = [];
  return {
    asked,
    continueList(task: Task) {
      asked.push(task);
      return Promise.resolve({
        status: asked.length < 2 ? "running" as const : status,
        next: asked.length === parts ? last : "more" as const,
      });
    },
  };
}

const alive = { signal: new AbortController().signal, isSpent: () => false };

Deno.test("continueList() goes on to the end of the list", async () => {
  const list = createList(3);
  assertEquals(await continueList(task, alive, list), { outcome: "succeeded" });
  assertEquals(list.asked, [task, task, task]);
});

Deno.test("continueList() leaves the rest to others when the run is paused or the time is up", async () => {
  const paused = createList(5, "paused");
  assertEquals(await continueList(task, alive, paused), null);
  assertEquals(paused.asked.length, 2);
  const list = createList(5);
  const spent = { ...alive, isSpent: () => list.asked.length === 3 };
  assertEquals(await continueList(task, spent, list), null);
  assertEquals(list.asked.length, 3);
});

Deno.test("continueList() gives back a list that is still being filled", async () => {
  const list = createList(2, "running", "waits");
  assertEquals(await continueList(task, alive, list), null);
  assertEquals(list.asked.length, 2);
});

Deno.test("continueList() fails with what fills the list", async () => {
  assertObjectMatch(
    await continueList(task, alive, createList(2, "running", "failed")) ?? {},
    { outcome: "failed", error: { code: "source_failed" } },
  );
});

Deno.test("continueList() stops when the task is taken away", async () => {
  const list = createList(5);
  const signal = AbortSignal.abort(new Error("lease lost"));
  await assertRejects(
    () => continueList(task, { ...alive, signal }, list),
    Error,
    "lease lost",
  );
  assertEquals(list.asked.length, 1);
});
