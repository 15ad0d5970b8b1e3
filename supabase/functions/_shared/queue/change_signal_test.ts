import { assertEquals } from "@std/assert";
import { ChangeSignal } from "./change_signal.ts";

/** A clock whose only timer is ended by hand. */
function createFakes() {
  const timers: { milliseconds: number; end(): void; signal: AbortSignal }[] =
    [];
  const signal = new ChangeSignal({
    wait: (milliseconds, signal) =>
      new Promise((end) => timers.push({ milliseconds, end, signal })),
  });
  return { signal, timers };
}

Deno.test("until() wakes only those whose condition has come true", async () => {
  const { signal } = createFakes();
  const woken: number[] = [];
  let count = 0;
  const waits = [2, 1].map((least) =>
    signal.until(() => count >= least).then(() => woken.push(least))
  );
  signal.announce();
  count = 1;
  signal.announce();
  await waits[1];
  assertEquals(woken, [1]);
  count = 2;
  signal.announce();
  await waits[0];
  assertEquals(woken, [1, 2]);
});

Deno.test("until() does not wait for what is so already", async () => {
  const { signal, timers } = createFakes();
  await signal.until(() => true, 1_000);
  assertEquals(timers.length, 0);
});

Deno.test("until() ends when the time is up, and its timer when it ends", async () => {
  const { signal, timers } = createFakes();
  let isOver = false;
  const late = signal.until(() => false, 1_000);
  assertEquals(timers[0].milliseconds, 1_000);
  timers[0].end();
  await late;
  const early = signal.until(() => isOver, 1_000);
  isOver = true;
  signal.announce();
  await early;
  assertEquals(timers[1].signal.aborted, true);
});
