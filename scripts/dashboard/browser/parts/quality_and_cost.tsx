import {
  type Experiment,
  type ExperimentScore,
  isOf,
} from "../data/experiments.ts";
import { to } from "../data/here.ts";
import { Chips } from "./chips.tsx";
import { type Mark, Scatter } from "./scatter.tsx";

/** Experiments by one evaluator against what an answer of them costs. */
export function QualityAndCost({ experiments, scores, query }: {
  experiments: Experiment[];
  scores: ExperimentScore[];
  query: Record<string, string>;
}) {
  const evaluators = [...new Set(scores.map(({ evaluator }) => evaluator))];
  const by = query.by ?? evaluators[0];
  const marks = experiments.flatMap((row): Mark[] => {
    const score = scores.find((score) =>
      isOf(score, row) && score.model === row.model && score.evaluator === by
    );
    const mean = score?.score_mean ?? score?.pass_rate ?? null;
    if (!row.cost || mean === null) return [];
    return [{
      name: row.experiment_name,
      cost: row.cost / row.answers,
      mean,
      low: score?.score_low ?? null,
      high: score?.score_high ?? null,
      href: to(["experiments", row.experiment_name, "answers"], {
        owner: row.owner ?? undefined,
        model: row.model ?? undefined,
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
