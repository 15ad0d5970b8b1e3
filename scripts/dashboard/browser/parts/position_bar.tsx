import { toFraction, toPosition } from "../data/answer_window.ts";
import type { ListedAnswer } from "../data/answers.ts";
import { go, withQuery } from "../data/here.ts";

/** Steps of the bar. */
const STEPS = 1_000;

/**
 * A scroll bar over the keys of all answers, however many there are: keys are hashes or sampled, so a
 * place among them is a place among the answers. Elements of millions of pixels are refused by browsers.
 */
export function PositionBar({ rows, marks }: {
  rows: ListedAnswer[];
  /** A sample of the keys where they are no hashes. */
  marks: string[] | null;
}) {
  const place = rows.length === 0
    ? 0
    : Math.round(toFraction(rows[0].prompt_key, marks) * STEPS);
  return (
    <input
      class="position"
      type="range"
      aria-label="Position among all answers"
      min={0}
      max={STEPS - 1}
      value={place}
      onChange={({ currentTarget: { valueAsNumber } }) =>
        go(withQuery({
          at: valueAsNumber === 0
            ? undefined
            : toPosition(valueAsNumber / STEPS, marks),
          row: undefined,
        }))}
    />
  );
}
