/** Two users whose runs call one endpoint: the first has one run, the second all others. */
export const OWNERS = ["a", "b"].map((letter) =>
  `${letter.repeat(8)}-0000-4000-8000-000000000000`
);

/** How the prompts of the first user begin. */
export const FIRST_OWNER = "first owner";

/** Fewer calls say nothing: a few seconds without a worker would be a third of them. */
const LEAST_CALLS = 1_500;

/**
 * The part of the calls that the first of two users had while both had some to make; null: these were
 * too few to tell.
 *
 * @param calls with the time of each, in any unit
 */
export function shareOfFirst(
  calls: { time: number; prompt: string }[],
): number | null {
  const [first, second] = [true, false].map((isFirst) =>
    calls.filter(({ prompt }) => prompt.startsWith(FIRST_OWNER) === isFirst)
      .map(({ time }) => time).sort((a, b) => a - b)
  );
  if (first.length === 0 || second.length === 0) return null;
  const from = Math.max(first[0], second[0]);
  const to = Math.min(first.at(-1)!, second.at(-1)!);
  const [ofFirst, ofSecond] = [first, second].map((times) =>
    times.filter((time) => time >= from && time <= to).length
  );
  const all = ofFirst + ofSecond;
  return all < LEAST_CALLS ? null : ofFirst / all;
}
