import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import {
  type Clock,
  drain,
  type DrainSettings,
  type WorkerState,
} from "./drain.ts";
import type { RunStatus, Task, TaskQueue } from "./task_queue.ts";

/** A clock that jumps to the next timer as soon as nothing else can happen. */
function createSimulatedClock() {
  const timers: { at: number; resolve: () => void }[] = [];
  let time = 0;
  const clock: Clock = {
    now: () => time,
    wait(milliseconds, signal) {
      if (signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = { at: time + milliseconds, resolve };
        timers.push(timer);
        signal.addEventListener("abort", () => {
          timers.splice(0, timers.length, ...timers.filter((t) => t !== timer));
          resolve();
        });
      });
    },
  };
  async function run<Result>(work: Promise<Result>): Promise<Result> {
    let settled = false;
    const settle = () => settled = true;
    work.then(settle, settle);
    while (!settled) {
      for (let turn = 0; turn < 200; turn++) await Promise.resolve();
      if (settled) break;
      timers.sort((a, b) => a.at - b.at);
      const next = timers.shift();
      if (!next) throw new Error("Nothing can happen any more");
      time = Math.max(time, next.at);
      next.resolve();
    }
    return await work;
  }
  return { clock, run };
}

function createTasks(count: number): Task[] {
  return Array.from({ length: count }, (_, id) => ({
    id,
    key: `k${id}`,
    attempt: 1,
    payload: {},
    enqueuedAt: "2026-01-01T00:00:00Z",
    leaseToken: "t",
  }));
}

/** A queue in memory that hands out tasks as the SQL functions do. */
function createFakeQueue(pending: Task[], slots: number) {
  const held = new Map<number, Task>();
  const events: string[] = [];
  const finished: number[] = [];
  const capacities: number[] = [];
  const state = { status: "running" as RunStatus, slots, blockedMs: 0 };
  const queue: TaskQueue = {
    claim(holding) {
      const room = state.slots + holding.ahead - holding.held;
      const tasks = state.status === "running"
        ? pending.splice(0, Math.max(0, room))
        : [];
      for (const task of tasks) held.set(task.id, task);
      events.push(`claim ${tasks.length}`);
      return Promise.resolve({
        status: state.status,
        slots: state.slots,
        tasks,
        waitMs: pending.length > 0 ? 10 : null,
      });
    },
    extend: () =>
      Promise.resolve({ status: state.status, held: [...held.keys()] }),
    checkpoint: () => Promise.reject(new Error("not used")),
    finish(results) {
      const ids = results.map(({ task }) => task.id).filter((id) =>
        held.delete(id)
      );
      finished.push(...ids);
      events.push(`finish ${results.length}`);
      return Promise.resolve({
        status: state.status,
        finished: ids,
        blockedMs: state.blockedMs,
      });
    },
    release(tasks) {
      for (const { id } of tasks) {
        pending.push(held.get(id)!);
        held.delete(id);
      }
      events.push(`release ${tasks.length}`);
      return Promise.resolve();
    },
    handOver(capacity) {
      events.push("hand over");
      capacities.push(capacity);
      return Promise.resolve();
    },
    end() {
      pending.push(...held.values());
      held.clear();
      events.push("end");
      return Promise.resolve();
    },
  };
  return { queue, pending, held, events, finished, capacities, state };
}

function createHandler(clock: Clock, latency: number) {
  const seen = { inFlight: 0, most: 0 };
  async function handle(_task: Task, { signal }: WorkerState) {
    seen.most = Math.max(seen.most, ++seen.inFlight);
    await clock.wait(latency, signal);
    seen.inFlight--;
    return { outcome: "succeeded" as const };
  }
  return { handle, seen };
}

function settings(
  clock: Clock,
  rest: Partial<DrainSettings> = {},
): DrainSettings {
  return {
    budgetMs: 50_000,
    stop: new AbortController().signal,
    clock,
    ...rest,
  };
}

Deno.test("drain() works on every task with no more in flight than it has slots", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(500), 20);
  const { handle, seen } = createHandler(clock, 200);
  const report = await run(drain(fake.queue, handle, settings(clock)));
  deepEqual(report, { finished: 500, lost: 0, released: 0 });
  equal(new Set(fake.finished).size, 500);
  equal(seen.most, 20);
});

Deno.test("drain() keeps its slots busy while results are stored", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(500), 20);
  const { handle } = createHandler(clock, 200);
  await run(drain(fake.queue, handle, settings(clock)));
  const ideal = 500 / 20 * 200;
  ok(clock.now() < ideal * 1.1, `${clock.now()} ms, ideal ${ideal} ms`);
});

Deno.test("drain() wakes a successor at 70 % and releases its stock when the time is up", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(5_000), 10);
  const { handle } = createHandler(clock, 100);
  const report = await run(
    drain(fake.queue, handle, settings(clock, { budgetMs: 10_000 })),
  );
  ok(fake.events.includes("hand over"));
  equal(fake.events.at(-1), "end");
  equal(fake.held.size, 0);
  equal(fake.finished.length + fake.pending.length, 5_000);
  ok(report.finished >= 950 && report.finished <= 1_020, `${report.finished}`);
  ok(report.released > 0);
});

Deno.test("drain() hands over and stops when another budget is used up", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(500), 10);
  const { handle } = createHandler(clock, 100);
  const load = () => fake.finished.length / 200;
  const report = await run(
    drain(fake.queue, handle, settings(clock, { load })),
  );
  ok(fake.events.includes("hand over"));
  ok(report.finished >= 200 && report.finished < 250, `${report.finished}`);
});

Deno.test("drain() says how much it can still finish when it hands over", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(500), 10);
  const { handle } = createHandler(clock, 100);
  let calls = 0;
  await run(drain(
    fake.queue,
    (task, worker) => {
      calls++;
      return handle(task, worker);
    },
    settings(clock, { load: () => calls / 200 }),
  ));
  // 140 calls have begun, 60 may follow, and up to 20 of the 140 are not stored yet.
  const [capacity] = fake.capacities;
  ok(capacity >= 60 && capacity <= 80, `${capacity}`);
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
    deepEqual(finished.sort(), ["0 new", "1 t"], `after ${firstTry} ms`);
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
  equal(storedAt, 200);
});

Deno.test("drain() claims again as soon as it has given back slots", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(500), 10);
  const claims: Record<"inFlight" | "slots" | "stock" | "got", number>[] = [];
  const claim = async (holding: Parameters<TaskQueue["claim"]>[0]) => {
    const { inFlight, held } = holding;
    if (clock.now() >= 4_000) fake.state.slots = 4;
    const answer = await fake.queue.claim(holding);
    const { slots, tasks } = answer;
    claims.push({ inFlight, slots, stock: held - inFlight, got: tasks.length });
    return answer;
  };
  await run(drain(
    { ...fake.queue, claim },
    async ({ id }, { signal }) => {
      await clock.wait(100 + 10 * (id % 10), signal);
      return { outcome: "succeeded" };
    },
    settings(clock),
  ));
  const told = claims.findIndex(({ slots }) => slots === 4);
  const next = claims.slice(told).find(({ inFlight }) => inFlight <= 4);
  equal(next?.inFlight, 4);
  // Not only when the stock runs low.
  equal(next?.stock, claims[told].stock + claims[told].got);
});

/** A queue whose slots another worker holds until a moment. */
function createCrowdedQueue(clock: Clock, freeAt: number) {
  const fake = createFakeQueue(createTasks(4), 0);
  const claims: number[] = [];
  async function claim(holding: Parameters<TaskQueue["claim"]>[0]) {
    claims.push(clock.now());
    if (clock.now() >= freeAt) fake.state.slots = 4;
    const answer = await fake.queue.claim(holding);
    return {
      ...answer,
      waitMs: 100,
      ...clock.now() < freeAt && { moreSlotsMs: 0 },
    };
  }
  return { queue: { ...fake.queue, claim }, claims };
}

Deno.test("drain() asks for slots that are to come sooner than for tasks", async () => {
  const { clock, run } = createSimulatedClock();
  const { queue, claims } = createCrowdedQueue(clock, 150);
  const starts: number[] = [];
  const stop = new AbortController();
  await run(drain(queue, () => {
    starts.push(clock.now());
    if (starts.length === 4) stop.abort();
    return Promise.resolve({ outcome: "succeeded" });
  }, settings(clock, { stop: stop.signal })));
  deepEqual(claims.slice(0, 4), [0, 30, 60, 90]);
  ok(starts.length === 4 && starts[0] < 150 + 30);
});

Deno.test("drain() asks less often the longer it waits for slots", async () => {
  const { clock, run } = createSimulatedClock();
  const { queue, claims } = createCrowdedQueue(clock, Infinity);
  await run(drain(
    queue,
    () => Promise.resolve(null),
    settings(clock, { budgetMs: 40_000 }),
  ));
  ok(claims.length < 300, `${claims.length} claims in 40 s`);
  ok(claims.at(-1)! - claims.at(-2)! > 500);
});

Deno.test("drain() releases a task that its handler gives back", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(2), 2);
  let given = 0;
  const giveBackOnce = ({ id }: Task) =>
    Promise.resolve(
      id === 0 && given++ === 0 ? null : { outcome: "succeeded" as const },
    );
  const report = await run(drain(fake.queue, giveBackOnce, settings(clock)));
  deepEqual(report, { finished: 2, lost: 0, released: 1 });
});

Deno.test("drain() does not wake a successor when it is done early", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(10), 10);
  const { handle } = createHandler(clock, 100);
  await run(drain(fake.queue, handle, settings(clock)));
  ok(!fake.events.includes("hand over"));
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
  const report = await run(work);
  await killed;
  deepEqual(report.finished, 0);
  equal(fake.pending.length, 100);
  equal(clock.now(), 1_000);
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
  const report = await run(work);
  deepEqual(fake.events.slice(-8), [
    "finish 4",
    "end",
    ...Array(6).fill("abort"),
  ]);
  deepEqual(report, { finished: 4, lost: 0, released: 6 });
  equal(fake.pending.length, 6);
});

Deno.test("drain() stops within a heartbeat when the run is paused and stores what is in flight", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(100), 10);
  const { handle } = createHandler(clock, 9_000);
  const work = drain(fake.queue, handle, settings(clock));
  clock.wait(1_000, new AbortController().signal)
    .then(() => fake.state.status = "paused");
  const report = await run(work);
  equal(report.finished, 10);
  equal(fake.pending.length, 90);
  ok(fake.events.includes("release 10"), fake.events.join());
});

Deno.test("drain() heeds fewer slots within a heartbeat", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(60), 10);
  const { handle, seen } = createHandler(clock, 3_000);
  const work = drain(fake.queue, handle, settings(clock));
  clock.wait(1_000, new AbortController().signal)
    .then(() => fake.state.slots = 2);
  const watch = clock.wait(13_000, new AbortController().signal)
    .then(() => seen.most = seen.inFlight);
  await run(work);
  await watch;
  ok(seen.most <= 2, `${seen.most} in flight`);
});

Deno.test("drain() drops tasks whose lease another worker has", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(3), 3);
  const { handle } = createHandler(clock, 6_000);
  const work = drain(fake.queue, handle, settings(clock));
  clock.wait(1_000, new AbortController().signal)
    .then(() => fake.held.delete(1));
  const report = await run(work);
  deepEqual(fake.finished, [0, 2]);
  equal(report.released, 1);
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
  equal(calls, 5);
  equal(fake.pending.length, 95);
});

Deno.test("drain() releases its stock when another worker met a rate limit", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(20), 5);
  const { handle } = createHandler(clock, 100);
  fake.state.blockedMs = 1_000;
  clock.wait(400, new AbortController().signal)
    .then(() => fake.state.blockedMs = 0);
  const report = await run(drain(fake.queue, handle, settings(clock)));
  equal(report.finished, 20);
  ok(report.released > 0);
});

Deno.test("drain() counts a result as lost when the queue refuses it", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(3), 3);
  const { handle } = createHandler(clock, 1_000);
  const work = drain(fake.queue, handle, settings(clock));
  clock.wait(500, new AbortController().signal).then(() => fake.held.delete(1));
  deepEqual(await run(work), { finished: 2, lost: 1, released: 0 });
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
  deepEqual(outcomes, [{
    outcome: "failed",
    error: { class: "transient", code: "internal", message: "a bug" },
  }]);
});

Deno.test("drain() ends the worker when the queue fails for good", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(1), 1);
  fake.queue.claim = () => Promise.reject(new Error("ended"));
  await rejects(
    run(drain(fake.queue, createHandler(clock, 1).handle, settings(clock))),
    {
      message: "ended",
    },
  );
  deepEqual(fake.events, ["end"]);
});
