import { sha256 } from "./sha256.ts";

/**
 * A number from 0 to below 1 that depends only on seed and key: the prompts with the smallest ranks
 * are the sample, whatever the order in which files are read.
 */
export function promptRank(seed: string, key: string): number {
  return parseInt(sha256(`${seed}\0${key}`).slice(0, 12), 16) / 2 ** 48;
}

/** Keeps the `count` prompts of smallest rank, in the order in which they came. */
export function sampleByCount<T extends { key: string }>(
  prompts: Iterable<T>,
  count: number,
  seed: string,
): T[] {
  const ranked = [...prompts]
    .map((prompt, index) => ({
      prompt,
      index,
      rank: promptRank(seed, prompt.key),
    }));
  ranked.sort((a, b) => a.rank - b.rank);
  return ranked.slice(0, count).sort((a, b) => a.index - b.index)
    .map(({ prompt }) => prompt);
}
