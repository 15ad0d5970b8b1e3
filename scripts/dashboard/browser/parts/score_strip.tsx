import { type AnswersOf, readDistribution } from "../data/answers.ts";
import { withQuery } from "../data/here.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { toNumber, toPercent, toScore } from "./formats.ts";
import { Histogram } from "./histogram.tsx";
import { VisibleText } from "./visible_text.tsx";

/** One line above the answers: how an evaluator's scores are spread, as a filter. */
export function ScoreStrip({ of, evaluator }: {
  of: AnswersOf & { results_table: string };
  evaluator: string;
}) {
  const { value, problem } = useLoaded(
    JSON.stringify(["spread", of, evaluator]),
    (signal) => readDistribution(of, { measure: "score", evaluator }, signal),
  );
  return (
    <details class="strip" open>
      <summary>
        <b>
          <VisibleText text={evaluator} />
        </b>{" "}
        {problem}
        {value && (
          <>
            mean {toScore(value.mean)}
            {value.judged !== null && value.judged > 0 && (
              <>, {toPercent((value.passed ?? 0) / value.judged)} passed</>
            )}
            {value.sampled && <>, of {toNumber(value.looked_at)} answers</>}
          </>
        )}
      </summary>
      {value && value.bins.length > 0 && (
        <Histogram
          distribution={value}
          toHref={({ low, high }) =>
            withQuery({
              evaluator,
              min: low,
              max: high,
              at: undefined,
              row: undefined,
            })}
        />
      )}
    </details>
  );
}
