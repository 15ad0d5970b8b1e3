import { assert, assertEquals } from "@std/assert";
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

Deno.test("drain() wakes a successor at 80 % and releases its stock when the time is up", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(5_000), 10);
  const { handle } = createHandler(clock, 100);
  const handOvers: number[] = [];
  const queue = {
    ...fake.queue,
    handOver(capacity: number) {
      handOvers.push(clock.now());
      return fake.queue.handOver(capacity);
    },
  };
  await run(drain(queue, handle, settings(clock, { budgetMs: 10_000 })));
  assertEquals(handOvers, [8_000]);
  assertEquals(fake.events.at(-1), "end");
  assertEquals(fake.held.size, 0);
  assertEquals(fake.finished.length + fake.pending.length, 5_000);
  const { length } = fake.finished;
  assert(length >= 950 && length <= 1_020, `${length}`);
  assert(fake.events.some((event) => event.startsWith("release")));
});

Deno.test("drain() hands over and stops when another budget is used up", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(500), 10);
  const { handle } = createHandler(clock, 100);
  const load = () => fake.finished.length / 200;
  await run(drain(fake.queue, handle, settings(clock, { load })));
  assert(fake.events.includes("hand over"));
  const { length } = fake.finished;
  assert(length >= 200 && length < 250, `${length}`);
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
  // 160 calls have begun, 40 may follow, and up to 20 of the 160 are not stored yet.
  const [capacity] = fake.capacities;
  assert(capacity >= 40 && capacity <= 60, `${capacity}`);
});

Deno.test("drain() counts what it can finish from its first call, however long it waited for slots", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(5_000), 0);
  const { handle } = createHandler(clock, 100);
  const queue: TaskQueue = {
    ...fake.queue,
    async claim(holding) {
      if (clock.now() < 4_000) return moreSlots;
      fake.state.slots = 10;
      return await fake.queue.claim(holding);
    },
  };
  const moreSlots = {
    status: "running" as const,
    slots: 0,
    moreSlots: true as const,
    tasks: [],
    waitMs: 100,
  };
  await run(drain(queue, handle, settings(clock, { budgetMs: 10_000 })));
  // 100 calls a second for 2 s more.
  const [capacity] = fake.capacities;
  assert(capacity >= 200 && capacity <= 230, `${capacity}`);
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
  assertEquals(next?.inFlight, 4);
  // Not only when the stock runs low.
  assertEquals(next?.stock, claims[told].stock + claims[told].got);
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
      ...clock.now() < freeAt && { moreSlots: true as const },
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
  assertEquals(claims.slice(0, 3), [0, 37.5, 93.75]);
  assert(starts.length === 4 && starts[0] < 150 + 50);
});

Deno.test("drain() keeps the last task of a run while its slot is to come", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(1), 0);
  await run(drain(
    {
      ...fake.queue,
      async claim(holding) {
        fake.state.slots = clock.now() < 500 ? 0 : 4;
        const answer = await fake.queue.claim(holding);
        if (fake.state.slots > 0) return answer;
        return { ...answer, moreSlots: true };
      },
    },
    createHandler(clock, 100).handle,
    settings(clock),
  ));
  assertEquals(fake.finished, [0]);
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
  assertEquals(starts, [0, 0, 0, 0, 900, 900, 900, 900]);
});

Deno.test("drain() claims no more, releases its stock and finishes what is in flight when its successor has started", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(100), 10);
  const starts: number[] = [];
  await run(drain(
    {
      ...fake.queue,
      async claim(holding) {
        if (clock.now() < 1_000) return await fake.queue.claim(holding);
        fake.events.push("handed over");
        return {
          status: "running",
          slots: 0,
          handedOver: true,
          tasks: [],
          waitMs: null,
        };
      },
    },
    async ({ id }, { signal }) => {
      starts.push(clock.now());
      await clock.wait(id < 10 ? 900 : 1_000 + id, signal);
      return { outcome: "succeeded" };
    },
    settings(clock, { heartbeatMs: 1_000 }),
  ));
  assert(starts.every((at) => at < 1_000), `${starts}`);
  const after = fake.events.slice(fake.events.indexOf("handed over") + 1);
  assertEquals(after, [
    "release 10",
    "finish 10",
    ...Array(10).fill("finish 1"),
    "end",
  ]);
  assertEquals(fake.pending.length, 80);
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
  assertEquals(stored, [1_200, 1_250, 1_300]);
});

Deno.test("drain() asks less often the longer it waits for slots", async () => {
  const { clock, run } = createSimulatedClock();
  const { queue, claims } = createCrowdedQueue(clock, Infinity);
  await run(drain(
    queue,
    () => Promise.resolve(null),
    settings(clock, { budgetMs: 40_000 }),
  ));
  assert(claims.length < 60, `${claims.length} claims in 40 s`);
  assert(claims.at(-1)! - claims.at(-2)! > 500);
});

Deno.test("drain() does not wake a successor when it is done early", async () => {
  const { clock, run } = createSimulatedClock();
  const fake = createFakeQueue(createTasks(10), 10);
  const { handle } = createHandler(clock, 100);
  await run(drain(fake.queue, handle, settings(clock)));
  assert(!fake.events.includes("hand over"));
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
  assert(seen.most <= 2, `${seen.most} in flight`);
});

Deno.test("drain() ends when its run has no share of the slots, instead of asking again", async () => {
  const { clock, run } = createSimulatedClock();
  const { queue, events } = createFakeQueue([], 0);
  const claim = () => {
    events.push("claim");
    return Promise.resolve({
      status: "running" as const,
      slots: 0,
      moreSlots: true as const,
      noShare: true as const,
      tasks: [],
      waitMs: 100,
    });
  };
  await run(drain(
    { ...queue, claim },
    createHandler(clock, 10).handle,
    settings(clock),
  ));
  assertEquals(events, ["claim", "end"]);
});
