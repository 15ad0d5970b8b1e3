import type { ListedScore } from "../data/answers.ts";
import { toScore } from "./formats.ts";

/** A score: the number with a sign for passed or not, the category, or that the evaluator failed. */
export function Score({ score }: { score: ListedScore | undefined }) {
  if (!score) return <span class="hint">–</span>;
  if (score.error !== undefined) {
    return <span class="bad" title={score.error}>error</span>;
  }
  const words = score.score !== undefined
    ? toScore(score.score)
    : score.category ?? (score.passed ? "passed" : "not passed");
  return (
    <span
      class={score.passed === undefined ? "" : score.passed ? "good" : "bad"}
    >
      {score.passed !== undefined && (
        <span aria-label={score.passed ? "passed" : "not passed"} role="img">
          {score.passed ? "✓" : "✗"}
          {" "}
        </span>
      )}
      {words}
    </span>
  );
}
