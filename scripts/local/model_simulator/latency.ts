/** How long the simulated model thinks, in milliseconds. */
export type Latency = number | { medianMs: number; p95Ms: number };

/** A generator of numbers in [0, 1) that repeats for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// The 95th percentile of the standard normal distribution.
const Z95 = 1.6448536269514722;

/** Draws one latency: the fixed number, or from a lognormal distribution. */
export function drawLatency(latency: Latency, random: () => number): number {
  if (typeof latency === "number") return latency;
  const { medianMs, p95Ms } = latency;
  const spread = Math.log(p95Ms / medianMs) / Z95;
  // Box and Muller; 1 - random() keeps the logarithm finite.
  const normal = Math.sqrt(-2 * Math.log(1 - random())) *
    Math.cos(2 * Math.PI * random());
  return medianMs * Math.exp(spread * normal);
}
