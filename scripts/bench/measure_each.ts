import type { Benchmark, Measurement } from "./measurement.ts";

/**
 * What each part finds. One that fails is told, and the others are measured all the same.
 *
 * @param mend before the part that comes after it
 * @throws Error naming what has failed, after the last one
 */
export async function* measureEach(
  parts: Record<string, Benchmark>,
  mend: () => Promise<unknown> = () => Promise.resolve(),
): AsyncIterable<Measurement> {
  const failed: string[] = [];
  for (const [name, measure] of Object.entries(parts)) {
    try {
      yield* measure();
    } catch (error) {
      console.error(`Cannot measure ${name}:`, error);
      failed.push(name);
      await mend();
    }
  }
  if (failed.length > 0) {
    throw new Error(`Cannot measure ${failed.join(", ")}`);
  }
}
