import type { Clock } from "../../clock.ts";

/** A clock that jumps to the next timer as soon as nothing else can happen. */
export function createSimulatedClock() {
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
