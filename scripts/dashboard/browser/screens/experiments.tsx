import { toAnswers } from "../data/answer_place.ts";
import {
  type Experiment,
  type ExperimentCost,
  type ExperimentName,
  type ExperimentScore,
  isOf,
  readExperimentCosts,
  readExperimentNames,
  readExperiments,
  readExperimentScores,
  scoreOf,
} from "../data/experiments.ts";
import { here, to } from "../data/here.ts";
import { project } from "../data/project.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { CompareTwo, Tick } from "../parts/compare_two.tsx";
import { toDuration, toMoney, toNumber, toPercent } from "../parts/formats.ts";
import { MeanScore } from "../parts/interval.tsx";
import { Pages } from "../parts/pages.tsx";
import { QualityAndCost } from "../parts/quality_and_cost.tsx";
import { type Column, column, figure, Table } from "../parts/table.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen } from "../screen.ts";

/** All experiments side by side; two that are ticked are compared. */
export const experiments: Screen = {
  path: "experiments",
  title: () => "Experiments",
  nav: { label: "Experiments", key: "e" },
  body: Experiments,
};

/** So many are added up at a time: of a project that is years old nobody waits for all. */
const EXPERIMENTS_OF_A_PAGE = 25;

function Experiments() {
  const names = useLoaded("experiment names", readExperimentNames);
  const from = Number(here.value.query.after) || 0;
  const end = from + EXPERIMENTS_OF_A_PAGE;
  return (
    <>
      {project().home.kind !== "file" && (
        <p class="actions">
          <a class="button" href={to(["sweeps"])}>Sweeps</a>
        </p>
      )}
      <CompareTwo />
      <Waiting loaded={names}>
        {(names) => (
          <SummedUp
            of={names.slice(from, end)}
            next={end < names.length ? end : null}
          />
        )}
      </Waiting>
    </>
  );
}

/** Experiments at once, and their figures as they come. */
function SummedUp({ of, next }: {
  of: ExperimentName[];
  /** Where the following page begins; null: this is the last. */
  next: number | null;
}) {
  const asked = (what: string) => JSON.stringify([what, of]);
  const rows = useLoaded(
    asked("experiments"),
    (signal) => readExperiments(of, signal),
  );
  // Scores of a million answers take a second: the table does not wait for them.
  const scores = useLoaded(
    asked("scores"),
    (signal) => readExperimentScores(of, signal),
  );
  const costs = useLoaded(
    asked("costs"),
    (signal) => readExperimentCosts(of, signal),
  );
  const known = rows.isOwn && rows.value || [];
  return (
    <>
      <ExperimentTable
        experiments={of.flatMap((name): ExperimentRow[] => {
          const summed = known.filter((row) => isOf(row, name));
          return summed.length > 0 ? summed : [name];
        })}
        scores={scores.isOwn && scores.value || []}
        costs={costs.isOwn && costs.value || []}
      />
      <Pages next={next} back="Newest" on="Older" />
      <Waiting loaded={rows} onlyOwn>
        {(experiments) =>
          scores.isOwn && scores.value && scores.value.length > 0 && (
            <QualityAndCost experiments={experiments} scores={scores.value} />
          )}
      </Waiting>
    </>
  );
}

/** An experiment of which nothing may be known yet but its name. */
type ExperimentRow = ExperimentName & Partial<Experiment>;

/** Experiments as rows and evaluators as columns. */
export function ExperimentTable({ experiments, scores, costs }: {
  experiments: ExperimentRow[];
  scores: ExperimentScore[];
  costs: ExperimentCost[];
}) {
  const evaluators = [...new Set(scores.map(({ evaluator }) => evaluator))];
  const columns: Column<ExperimentRow>[] = [
    column("Experiment", "13.4rem", ({ experiment_name }) => experiment_name),
    column("Compare", "6rem", (row) => <Tick experiment={row} />),
    column("Model", "9rem", ({ model }) => model),
    figure("Answers", "6rem", ({ prompts }) => toNumber(prompts)),
    figure("Succeeded", "6rem", ({ success_rate }) => toPercent(success_rate)),
    ...evaluators.map((evaluator) =>
      column(
        evaluator,
        "10rem",
        (row: ExperimentRow) => (
          <MeanScore of={scoreOf(scores, row, evaluator)} />
        ),
      )
    ),
    figure("p50", "5rem", ({ p50_ms }) => toDuration(p50_ms)),
    figure("p95", "5rem", ({ p95_ms }) => toDuration(p95_ms)),
    figure(
      "Tokens",
      "6rem",
      ({ input_tokens, output_tokens }) =>
        toNumber((input_tokens ?? 0) + (output_tokens ?? 0)),
    ),
    figure(
      "Cost in all",
      "8rem",
      (row) => toMoney(costs.find((cost) => isOf(cost, row))?.cost),
    ),
    ...experiments.some(({ owner }) => owner !== null)
      ? [
        column("Owner", "12rem", ({ owner }: ExperimentRow) =>
          owner ?? "the project"),
      ]
      : [],
  ];
  return (
    <Table
      label="Experiments"
      columns={columns}
      rows={experiments}
      rowKey={({ experiment_name, owner, model }) =>
        JSON.stringify([experiment_name, owner, model])}
      href={({ experiment_name, owner }) =>
        toAnswers(experiment_name, { owner })}
      empty="No experiment yet: start a run."
    />
  );
}
