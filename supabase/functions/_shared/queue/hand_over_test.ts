import { assert, assertEquals } from "@std/assert";
import { drain } from "./drain.ts";
import { createHandler, createTasks, settings } from "./testing/fake_queue.ts";
import { createSimulatedClock } from "./testing/simulated_clock.ts";
import { createSimulatedDatabase } from "./testing/simulated_database.ts";

/** Plays a run with 100 slots whose workers make 3,000 calls or work for 50 s. */
async function playRun(
  { calls, callMs, workers }: {
    calls: number;
    callMs: number;
    workers: number;
  },
) {
  const { clock, run } = createSimulatedClock();
  const limit = 100;
  const { handle, seen } = createHandler(clock, callMs);
  const database = createSimulatedDatabase({
    clock,
    tasks: createTasks(calls),
    limit,
    requestMs: 8,
    wakeMs: 30,
    startWorker(queue) {
      let begun = 0;
      return drain(queue, (task, worker) => {
        begun++;
        return handle(task, worker);
      }, settings(clock, { load: () => begun / 3_000 }));
    },
  });
  await run(database.play(workers));
  assertEquals(database.finished.length, calls);
  assert(seen.most <= limit, `${seen.most} in flight`);
  const share = calls * callMs / limit / clock.now();
  return { share, woken: database.workers.length, requests: database.requests };
}

for (const workers of [1, 2]) {
  Deno.test(`hand-overs of ${workers} workers cost fast calls 7 % of the slots at most`, async () => {
    const run = await playRun({ calls: 10_000, callMs: 200, workers });
    assert(run.share >= 0.93, `${run.share}`);
    assert(run.woken >= 4, `${run.woken} workers`);
  });

  Deno.test(`hand-overs of ${workers} workers cost slow calls 3 % of the slots at most, and few requests`, async () => {
    const run = await playRun({ calls: 10_000, callMs: 3_000, workers });
    assert(run.share >= 0.97, `${run.share}`);
    assert(run.requests() < 2_500, `${run.requests()} requests`);
  });
}
