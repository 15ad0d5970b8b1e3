import { createHash } from "node:crypto";
import { keyOf } from "../../prompt_key.ts";
import type { PromptEvent } from "../archive_event.ts";
import type { ExtractOptions } from "../options.ts";

/**
 * A number from 0 to below 1: the prompts with the smallest ranks are the sample, in whatever files
 * and in whatever order they are read. It depends on the seed, on what is asked, and, unless `dedupe`
 * makes equal prompts one, on the place in the conversation: a text asked 500 times is 500 lots.
 */
export function promptRank(
  { prompt, conversation }: PromptEvent,
  { seed, dedupe }: Pick<ExtractOptions, "seed" | "dedupe">,
): number {
  const lot: (string | number)[] = [seed, keyOf(prompt)];
  if (!dedupe) lot.push(conversation, prompt.source.position);
  const digits = createHash("sha256").update(JSON.stringify(lot)).digest("hex");
  return parseInt(digits.slice(0, 12), 16) / 2 ** 48;
}

/** Keeps the `count` prompts of smallest rank, in the order in which they came. */
export function sampleByCount<Found extends PromptEvent>(
  prompts: Found[],
  count: number,
  options: Pick<ExtractOptions, "seed" | "dedupe">,
): Found[] {
  const ranked = prompts.map((found, index) => ({
    found,
    index,
    rank: promptRank(found, options),
  }));
  ranked.sort((a, b) => a.rank - b.rank);
  return ranked.slice(0, count).sort((a, b) => a.index - b.index)
    .map(({ found }) => found);
}
