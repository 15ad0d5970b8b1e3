import { equal } from "node:assert/strict";
import { createSlotWatch } from "./slot_watch.ts";
import type { Claim } from "./task_queue.ts";

function createWatch() {
  const clock = { time: 1_000, now: () => clock.time };
  return { clock, watch: createSlotWatch(clock, 4_000) };
}

function claim(slots: number, moreSlotsMs?: number): Claim {
  return { status: "running", slots, moreSlotsMs, tasks: [], waitMs: 100 };
}

Deno.test("createSlotWatch() does not ask for slots when none are to come", () => {
  const { watch } = createWatch();
  watch.take(claim(3));
  equal(watch.slots, 3);
  equal(watch.askAt, Infinity);
  equal(watch.afterNothing(100), 1_100);
  equal(watch.afterNothing(null), 1_250);
});

Deno.test("createSlotWatch() asks when they are expected, and at least every so often", () => {
  const { watch } = createWatch();
  watch.take(claim(0, 700));
  equal(watch.askAt, 1_700);
  equal(watch.afterNothing(100), 1_700);
  watch.take(claim(0, 90_000));
  equal(watch.askAt, 5_000);
});

Deno.test("createSlotWatch() asks for overdue ones less often the longer it waits", () => {
  const { clock, watch } = createWatch();
  watch.take(claim(0, 0));
  equal(watch.askAt, 1_030);
  clock.time = 11_000;
  watch.take(claim(0, 0));
  equal(watch.askAt, 11_200);
  watch.take(claim(2, 0));
  equal(watch.askAt, 11_030);
});

Deno.test("createSlotWatch() does not let tasks wait for slots where it has some", () => {
  const { watch } = createWatch();
  watch.take(claim(2, 3_000));
  equal(watch.afterNothing(100), 1_100);
});
