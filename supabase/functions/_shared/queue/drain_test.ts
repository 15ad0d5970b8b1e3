import {
  assert,
  assertEquals,
  assertObjectMatch,
  assertRejects,
} from "@std/assert";
import { PipelineError } from "../errors.ts";
import { drain } from "./drain.ts";
import type { WorkerState } from "./task_handler.ts";
import type { Task, TaskQueue } from "./task_queue.ts";
import {
  createFakeQueue,
  createHandler,
  createTasks,
  settings,
} from "./testing/fake_queue.ts";
import { createSimulatedClock } from "./testing/simulated_clock.ts";

Deno.test("drain() works on every task with no more in flight than it has slots", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(500), 20);
  const { handle, seen } = createHandler(clock, 200);
  await run(drain(fake.queue, handle, settings(clock)));
  assertEquals(fake.finished.length, 500);
  assertEquals(new Set(fake.finished).size, 500);
  assertEquals(seen.most, 20);
});

Deno.test("drain() keeps its slots busy while results are stored", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(500), 20);
  const { handle } = createHandler(clock, 200);
  await run(drain(fake.queue, handle, settings(clock)));
  const ideal = 500 / 20 * 200;
  assert(clock.now() < ideal * 1.1, `${clock.now()} ms, ideal ${ideal} ms`);
});

Deno.test("drain() finishes a task that it lost and claimed again by its new lease only", async () => {
  // The first try is over when the task comes again, or is still going on.
  for (const firstTry of [5, 50]) {
    const { clock, run } = createSimulatedClock();
    const fake = createFakeQueue([], 3);
    const [task, other] = createTasks(2);
    const again = { ...task, leaseToken: "new" };
    const claims = [[task, other], [again]];
    const finished: string[] = [];
    await run(drain(
      {
        ...fake.queue,
        claim: () =>
          Promise.resolve({
            status: "running",
            slots: 3,
            tasks: claims.shift() ?? [],
            waitMs: claims.length > 0 ? 10 : null,
          }),
        finish(results) {
          finished.push(
            ...results.map(({ task }) => `${task.id} ${task.leaseToken}`),
          );
          return fake.queue.finish(results);
        },
      },
      async (tried, { signal }) => {
        // The other call keeps the worker from storing the first result by itself.
        const latency = tried === task ? firstTry : 60;
        await clock.wait(latency, signal);
        return { outcome: "succeeded" };
      },
      settings(clock),
    ));
    assertEquals(finished.sort(), ["0 new", "1 t"], `after ${firstTry} ms`);
  }
});

Deno.test("drain() stores the last results at once", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(10), 10);
  const { handle } = createHandler(clock, 200);
  let storedAt = 0;
  const finish = (results: Parameters<TaskQueue["finish"]>[0]) => {
    storedAt = clock.now();
    return fake.queue.finish(results);
  };
  await run(drain({ ...fake.queue, finish }, handle, settings(clock)));
  assertEquals(storedAt, 200);
});

Deno.test("drain() releases a task that its handler gives back", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(2), 2);
  let given = 0;
  const giveBackOnce = ({ id }: Task) =>
    Promise.resolve(
      id === 0 && given++ === 0 ? null : { outcome: "succeeded" as const },
    );
  await run(drain(fake.queue, giveBackOnce, settings(clock)));
  assertEquals(fake.finished.sort(), [0, 1]);
  assertEquals(fake.events.filter((event) => event.startsWith("release")), [
    "release 1",
  ]);
});

Deno.test("drain() gives everything back when the isolate is about to be killed", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(100), 10);
  const { handle } = createHandler(clock, 60_000);
  const stop = new AbortController();
  const work = drain(
    fake.queue,
    handle,
    settings(clock, { stop: stop.signal }),
  );
  const killed = clock.wait(1_000, new AbortController().signal)
    .then(() => stop.abort(new Error("beforeunload")));
  await run(work);
  await killed;
  assertEquals(fake.finished, []);
  assertEquals(fake.pending.length, 100);
  assertEquals(clock.now(), 1_000);
});

Deno.test("drain() stores what is done before it aborts what is not", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(10), 10);
  const stop = new AbortController();
  const work = drain(
    fake.queue,
    async ({ id }, { signal }) => {
      signal.addEventListener("abort", () => fake.events.push("abort"));
      await clock.wait(id < 4 ? 980 : 60_000, signal);
      return { outcome: "succeeded" };
    },
    settings(clock, { stop: stop.signal }),
  );
  clock.wait(1_000, new AbortController().signal)
    .then(() => stop.abort(new Error("beforeunload")));
  await run(work);
  assertEquals(fake.events.slice(-8), [
    "finish 4",
    "end",
    ...Array(6).fill("abort"),
  ]);
  assertEquals(fake.finished.length, 4);
  assertEquals(fake.pending.length, 6);
  assertEquals(fake.ends[0].called, [4, 5, 6, 7, 8, 9]);
});

Deno.test("drain() stops within a heartbeat when the run is paused and stores what is in flight", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(100), 10);
  const { handle } = createHandler(clock, 9_000);
  const work = drain(fake.queue, handle, settings(clock));
  clock.wait(1_000, new AbortController().signal)
    .then(() => fake.state.status = "paused");
  await run(work);
  assertEquals(fake.finished.length, 10);
  assertEquals(fake.pending.length, 90);
  assert(fake.events.includes("release 10"), fake.events.join());
});

Deno.test("drain() drops tasks whose lease another worker has", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(3), 3);
  const ends: number[] = [];
  const work = drain(fake.queue, async (_task, { signal }) => {
    await clock.wait(6_000, signal);
    ends.push(clock.now());
    return { outcome: "succeeded" };
  }, settings(clock));
  clock.wait(1_000, new AbortController().signal)
    .then(() => fake.held.delete(1));
  await run(work);
  assertEquals(fake.finished, [0, 2]);
  assertEquals(ends, [4_000, 6_000, 6_000]);
});

Deno.test("drain() starts no call after one met a rate limit until the queue says so", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(100), 5);
  let calls = 0;
  const limited = async (_task: Task, { signal }: WorkerState) => {
    calls++;
    await clock.wait(10, signal);
    return {
      outcome: "failed" as const,
      error: { class: "rate" as const, code: "http_429", message: "slow down" },
    };
  };
  const finish = fake.queue.finish;
  fake.queue.finish = (results) => {
    fake.state.status = "paused";
    return finish(results);
  };
  await run(drain(fake.queue, limited, settings(clock)));
  assertEquals(calls, 5);
  assertEquals(fake.pending.length, 95);
});

Deno.test("drain() stays stopped when its isolate ends while it has halted", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(100), 5);
  const { handle } = createHandler(clock, 100);
  fake.state.blockedMs = 1_000;
  const stop = new AbortController();
  const release = async (tasks: Task[]) => {
    stop.abort(new Error("beforeunload"));
    await clock.wait(1_000, new AbortController().signal);
    await fake.queue.release(tasks);
  };
  await run(drain(
    { ...fake.queue, release },
    handle,
    settings(clock, { stop: stop.signal }),
  ));
  assertEquals(fake.events.slice(-3), ["release 5", "finish 5", "end"]);
  assertEquals(fake.finished.length + fake.pending.length, 100);
});

Deno.test("drain() releases its stock when another worker met a rate limit", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(20), 5);
  const { handle } = createHandler(clock, 100);
  fake.state.blockedMs = 1_000;
  clock.wait(400, new AbortController().signal)
    .then(() => fake.state.blockedMs = 0);
  await run(drain(fake.queue, handle, settings(clock)));
  assertEquals(fake.finished.length, 20);
  assert(fake.events.includes("release 5"), fake.events.join());
});

Deno.test("drain() goes on when the queue refuses a result", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(3), 3);
  const { handle } = createHandler(clock, 1_000);
  const work = drain(fake.queue, handle, settings(clock));
  clock.wait(500, new AbortController().signal).then(() => fake.held.delete(1));
  await run(work);
  assertEquals(fake.finished, [0, 2]);
});

Deno.test("drain() turns a handler's bug into a transient failure", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(1), 1);
  const outcomes: unknown[] = [];
  const finish = fake.queue.finish;
  fake.queue.finish = (results) => {
    outcomes.push(...results.map(({ outcome }) => outcome));
    return finish(results);
  };
  const bug = () => Promise.reject(new Error("a bug"));
  await run(drain(fake.queue, bug, settings(clock)));
  assertEquals(outcomes, [{
    outcome: "failed",
    error: { class: "transient", code: "internal", message: "a bug" },
  }]);
});

Deno.test("drain() ends the worker when the queue fails for good", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(1), 1);
  fake.queue.claim = () => Promise.reject(new Error("ended"));
  assertObjectMatch(
    await assertRejects(
      () =>
        run(drain(fake.queue, createHandler(clock, 1).handle, settings(clock))),
      Error,
    ),
    {
      message: "ended",
    },
  );
  assertEquals(fake.events, ["end"]);
});

Deno.test("drain() tells which calls it had made when it ends, and what ended it", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(100), 3);
  fake.queue.finish = () =>
    Promise.reject(new PipelineError("forbidden", "no right"));
  const { handle } = createHandler(clock, 100);
  const begun: number[] = [];
  await assertRejects(
    () =>
      run(drain(
        fake.queue,
        (task, worker) => {
          begun.push(task.id);
          return handle(task, worker);
        },
        settings(clock),
      )),
    PipelineError,
  );
  const [{ called, problem }] = fake.ends;
  assertEquals(problem, "no right");
  assertEquals(called!.sort(), begun.sort());
  assert(begun.length < 100, "not all had begun");
});
