import { toAnswers } from "../data/answer_place.ts";
import { here, to } from "../data/here.ts";
import { isActive, nextLook } from "../data/runs.ts";
import {
  costOfAnswer,
  type Ranked,
  rankExperiments,
  readSweep,
  type Sweep,
  variantOf,
} from "../data/sweeps.ts";
import { versionOf } from "../data/sweep_version.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { Chips } from "../parts/chips.tsx";
import { CompareTwo } from "../parts/compare_two.tsx";
import { Ranking } from "../parts/ranking.tsx";
import { Repetitions } from "../parts/repetitions.tsx";
import { titleOf } from "../parts/formats.ts";
import { type Mark, Scatter } from "../parts/scatter.tsx";
import { SweepFigures } from "../parts/sweep_figures.tsx";
import { Steering } from "../parts/steering.tsx";
import { VariantTable } from "../parts/variant_table.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen, ScreenProps } from "../screen.ts";

/** One sweep: which variant is the best, at what cost. */
export const sweep: Screen = {
  path: "sweeps/:sweep",
  title: ({ sweep }) => `Sweep ${sweep}`,
  body: OneSweep,
};

function OneSweep({ values: { sweep: id } }: ScreenProps) {
  const loaded = useLoaded(
    `sweep ${id}`,
    (signal) => readSweep(id, signal),
    (sweep) => nextLook(isActive(sweep)),
  );
  return (
    <Waiting loaded={loaded}>
      {(sweep) => (
        <>
          <div class="actions">
            <a class="button" href={to(["sweeps"])}>Sweeps</a>
            <Steering what="sweep" of={sweep} changed={loaded.reload} />
          </div>
          <SweepFigures sweep={sweep} />
          <Variants sweep={sweep} />
        </>
      )}
    </Waiting>
  );
}

function Variants(
  { sweep }: { sweep: Sweep },
) {
  const { query } = here.value;
  const answered = sweep.runs.filter(({ done }) => done > 0);
  const version = versionOf(answered);
  const ranking = useLoaded(
    answered.length === 0
      ? undefined
      : JSON.stringify(["ranking", sweep.id, version]),
    (signal) =>
      rankExperiments(
        answered.map(({ experiment_name }) => experiment_name),
        sweep.owner,
        signal,
      ),
  );
  const ranked = ranking.value ?? [];
  const opened = sweep.runs.find(({ id }) => String(id) === query.repetitions);
  return (
    <>
      <h2>Variants</h2>
      <CompareTwo />
      <VariantTable sweep={sweep} ranked={ranked} />
      {opened && (
        <Repetitions
          name={opened.experiment_name}
          owner={sweep.owner}
          version={version}
        />
      )}
      {answered.length > 0 && (
        <Waiting loaded={ranking}>
          {(ranked) => <Judgement sweep={sweep} ranked={ranked} />}
        </Waiting>
      )}
    </>
  );
}

/** Which variant is the best by one evaluator, in words and against its cost. */
export function Judgement({ sweep, ranked }: {
  sweep: Sweep;
  ranked: Ranked[];
}) {
  const { query } = here.value;
  const evaluators = [...new Set(ranked.map(({ compared }) => compared))];
  // Behind whether there was an answer at all.
  const first = evaluators[1] ?? "success";
  const by = query.by ?? first;
  const rows = ranked.filter(({ compared }) => compared === by);
  const costOf = (experiment: string) => costOfAnswer(ranked, experiment);
  const marks = toMarks(sweep, rows, costOf);
  return (
    <>
      <h2>The best</h2>
      <Chips
        label="By"
        name="by"
        choices={evaluators.map((one) =>
          [one === first ? "" : one, titleOf(one)] as const
        )}
        chosen={by === first ? "" : by}
      />
      <Ranking sweep={sweep} ranked={rows} costOf={costOf} />
      <Scatter
        title={titleOf(by)}
        marks={marks}
        missing={rows.length - marks.length}
      />
    </>
  );
}

function toMarks(
  sweep: Sweep,
  rows: Ranked[],
  costOf: (experiment: string) => number | null,
): Mark[] {
  return rows.flatMap((row) => {
    const cost = costOf(row.experiment_name);
    return cost === null || row.score_mean === null ? [] : [{
      name: variantOf(sweep, row),
      cost,
      mean: row.score_mean,
      low: row.score_low,
      high: row.score_high,
      href: toAnswers(row.experiment_name, { owner: sweep.owner }),
    }];
  });
}
