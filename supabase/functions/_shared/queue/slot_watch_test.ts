import { equal } from "node:assert/strict";
import { createSlotWatch } from "./slot_watch.ts";
import type { Claim } from "./task_queue.ts";

function createWatch() {
  const clock = { time: 1_000, now: () => clock.time };
  return { clock, watch: createSlotWatch(clock, 4_000) };
}

function claim(slots: number, moreSlotsMs?: number): Claim {
  const moreSlots = moreSlotsMs === undefined ? undefined : 4;
  return {
    status: "running",
    slots,
    moreSlots,
    moreSlotsMs,
    tasks: [],
    waitMs: 100,
  };
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
  equal(watch.askAt, 1_005);
  clock.time = 11_000;
  watch.take(claim(0, 0));
  equal(watch.askAt, 11_400);
  watch.take(claim(2, 0));
  equal(watch.askAt, 11_005);
});

Deno.test("createSlotWatch() counts the wait from when they were expected", () => {
  const { clock, watch } = createWatch();
  watch.take(claim(0, 3_000));
  clock.time = 4_000;
  watch.take(claim(0, 0));
  equal(watch.askAt, 4_005);
  clock.time = 5_000;
  watch.take(claim(0, 0));
  equal(watch.askAt, 5_040);
});

Deno.test("createSlotWatch() counts the wait from when they came to be due early", () => {
  const { clock, watch } = createWatch();
  watch.take(claim(0, 90_000));
  clock.time = 5_000;
  watch.take(claim(0, 0));
  equal(watch.askAt, 5_005);
  clock.time = 6_000;
  watch.take(claim(0, 0));
  equal(watch.askAt, 6_040);
});

Deno.test("createSlotWatch() knows how many slots are to come", () => {
  const { watch } = createWatch();
  equal(watch.toCome, 0);
  watch.take(claim(1, 0));
  equal(watch.toCome, 4);
  watch.take(claim(4));
  equal(watch.toCome, 0);
});

Deno.test("createSlotWatch() does not let tasks wait for slots where it has some", () => {
  const { watch } = createWatch();
  watch.take(claim(2, 3_000));
  equal(watch.afterNothing(100), 1_100);
});
