import { median } from "./measurement.ts";

const CALLS = 9;
const MOST_MS = 3_000;

/** The median time of an answer, in milliseconds: of nine, or of as many as began within 3 s. */
export async function timeCalls(
  ask: () => PromiseLike<unknown>,
): Promise<number> {
  const times: number[] = [];
  const begun = performance.now();
  while (times.length < CALLS && performance.now() - begun < MOST_MS) {
    const startedAt = performance.now();
    await ask();
    times.push(performance.now() - startedAt);
  }
  return median(times);
}
