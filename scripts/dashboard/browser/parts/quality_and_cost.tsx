import { here } from "../data/here.ts";
import { toAnswers } from "../data/answer_place.ts";
import {
  type Experiment,
  type ExperimentScore,
  scoreOf,
} from "../data/experiments.ts";
import { Chips } from "./chips.tsx";
import { type Mark, Scatter } from "./scatter.tsx";

/** Experiments by one evaluator against what an answer of them costs. */
export function QualityAndCost({ experiments, scores }: {
  experiments: Experiment[];
  scores: ExperimentScore[];
}) {
  const { query } = here.value;
  const evaluators = [...new Set(scores.map(({ evaluator }) => evaluator))];
  const by = query.by ?? evaluators[0];
  const marks = experiments.flatMap((row): Mark[] => {
    const score = scoreOf(scores, row, by);
    const mean = score?.score_mean ?? score?.pass_rate ?? null;
    if (!row.cost || mean === null) return [];
    return [{
      name: row.experiment_name,
      cost: row.cost / row.answers,
      mean,
      low: score?.score_low ?? null,
      high: score?.score_high ?? null,
      href: toAnswers(row.experiment_name, {
        owner: row.owner,
        model: row.model,
      }),
    }];
  });
  return (
    <section aria-label="Quality and cost">
      <h2>Quality and cost</h2>
      <Chips
        label="By"
        name="by"
        choices={evaluators.map((one, place) =>
          [place === 0 ? "" : one, one] as const
        )}
        chosen={by === evaluators[0] ? "" : by}
      />
      <Scatter
        title={by}
        marks={marks}
        missing={experiments.length - marks.length}
      />
    </section>
  );
}
