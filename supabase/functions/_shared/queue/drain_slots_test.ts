import { deepEqual, equal, ok } from "node:assert/strict";
import type { Clock } from "../clock.ts";
import { drain } from "./drain.ts";
import type { TaskQueue } from "./task_queue.ts";
import {
  createFakeQueue,
  createHandler,
  createTasks,
  settings,
} from "./testing/fake_queue.ts";
import { createSimulatedClock } from "./testing/simulated_clock.ts";

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
      waitMs: answer.tasks.length > 0 ? null : 100,
      ...clock.now() < freeAt && { moreSlots: 4, moreSlotsMs: 0 },
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
  deepEqual(claims.slice(0, 4), [0, 5, 10, 15]);
  ok(starts.length === 4 && starts[0] < 150 + 10);
});

Deno.test("drain() has a task in stock for each slot that is to come", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(10), 0);
  const claims: { at: number; held: number; tasks: number }[] = [];
  const queue: TaskQueue = {
    ...fake.queue,
    async claim(holding) {
      fake.state.slots = clock.now() < 500 ? 0 : 4;
      const toCome = 4 - fake.state.slots;
      const answer = await fake.queue.claim(holding);
      const { held } = holding;
      claims.push({ at: clock.now(), held, tasks: answer.tasks.length });
      return {
        ...answer,
        waitMs: answer.tasks.length > 0 ? null : 100,
        ...toCome > 0 &&
          { moreSlots: toCome, moreSlotsMs: Math.max(0, 400 - clock.now()) },
      };
    },
  };
  const starts: number[] = [];
  await run(drain(queue, () => {
    starts.push(clock.now());
    return Promise.resolve({ outcome: "succeeded" });
  }, settings(clock, { budgetMs: 600 })));
  deepEqual(claims.slice(0, 3), [
    { at: 0, held: 0, tasks: 0 },
    // Not before its turn: until then others can use them.
    { at: 400, held: 0, tasks: 4 },
    { at: 405, held: 4, tasks: 0 },
  ]);
  ok(starts.every((at) => at >= 500), `${starts}`);
});

Deno.test("drain() keeps the last task of a run while its slot is to come", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(1), 0);
  const report = await run(drain(
    {
      ...fake.queue,
      async claim(holding) {
        fake.state.slots = clock.now() < 500 ? 0 : 4;
        const answer = await fake.queue.claim(holding);
        if (fake.state.slots > 0) return answer;
        return { ...answer, moreSlots: 4, moreSlotsMs: 0 };
      },
    },
    createHandler(clock, 100).handle,
    settings(clock),
  ));
  deepEqual(report, { finished: 1, lost: 0, released: 0 });
});

Deno.test("drain() asks again when a limit has left it no slot, whatever it has in stock", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(8), 4);
  const starts: number[] = [];
  await run(drain(
    {
      ...fake.queue,
      async claim(holding) {
        const isBlocked = clock.now() >= 100 && clock.now() < 900;
        fake.state.slots = isBlocked ? 0 : 4;
        const answer = await fake.queue.claim(holding);
        return { ...answer, waitMs: isBlocked ? 900 - clock.now() : null };
      },
    },
    async ({ id }, { signal }) => {
      starts.push(clock.now());
      // The heartbeat makes the worker ask while four are in stock.
      await clock.wait(id < 4 ? 500 : 10, signal);
      return { outcome: "succeeded" };
    },
    settings(clock, { heartbeatMs: 200 }),
  ));
  deepEqual(starts, [0, 0, 0, 0, 900, 900, 900, 900]);
});

Deno.test("drain() stores without delay once it claims no more: a successor waits for its slots", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(500), 3);
  const stored: number[] = [];
  await run(drain(
    {
      ...fake.queue,
      finish(results) {
        stored.push(clock.now());
        return fake.queue.finish(results);
      },
    },
    async ({ id }, { signal }) => {
      await clock.wait([1_200, 1_250, 1_300][id], signal);
      return { outcome: "succeeded" };
    },
    settings(clock, { budgetMs: 1_000 }),
  ));
  deepEqual(stored, [1_200, 1_250, 1_300]);
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

Deno.test("drain() does not wake a successor when it is done early", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(10), 10);
  const { handle } = createHandler(clock, 100);
  await run(drain(fake.queue, handle, settings(clock)));
  ok(!fake.events.includes("hand over"));
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
