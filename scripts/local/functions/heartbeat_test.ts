import { assertEquals } from "@std/assert";
import { watchHeartbeat } from "./heartbeat.ts";

Deno.test("watchHeartbeat() kills a process that does not answer any more", async () => {
  const waits: number[] = [];
  let asked = 0;
  let kills = 0;
  await watchHeartbeat({
    ask: () => ++asked < 3 ? Promise.resolve() : new Promise(() => {}),
    ended: () => false,
    kill: () => kills++,
  }, (milliseconds, signal) => {
    waits.push(milliseconds);
    // An answer that is there comes first, a second passes at once.
    return milliseconds === 1_000 || asked === 3
      ? Promise.resolve()
      : new Promise((resolve) =>
        signal.addEventListener("abort", () => resolve())
      );
  });
  assertEquals({ asked, kills, waits }, {
    asked: 3,
    kills: 1,
    waits: [15_000, 1_000, 15_000, 1_000, 15_000],
  });
});

Deno.test("watchHeartbeat() leaves a process alone that has ended", async () => {
  let ended = false;
  let kills = 0;
  await watchHeartbeat({
    ask: () => Promise.resolve().then(() => void (ended = true)),
    ended: () => ended,
    kill: () => kills++,
  }, (_, signal) =>
    new Promise((resolve) => {
      if (ended) resolve();
      signal.addEventListener("abort", () => resolve());
    }));
  assertEquals(kills, 0);
});
