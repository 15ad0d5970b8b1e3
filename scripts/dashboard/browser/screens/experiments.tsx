import {
  type Experiment,
  type ExperimentCost,
  type ExperimentScore,
  isOf,
  readExperimentCosts,
  readExperiments,
  readExperimentScores,
} from "../data/experiments.ts";
import { to } from "../data/here.ts";
import { project } from "../data/project.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { CompareTwo, Tick } from "../parts/compare_two.tsx";
import { toDuration, toMoney, toNumber, toPercent } from "../parts/formats.ts";
import { Interval } from "../parts/interval.tsx";
import { QualityAndCost } from "../parts/quality_and_cost.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { VisibleText } from "../parts/visible_text.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen, ScreenProps } from "../screen.ts";

/** All experiments side by side; two that are ticked are compared. */
export const experiments: Screen = {
  path: "experiments",
  title: () => "Experiments",
  nav: { label: "Experiments", key: "e" },
  body: Experiments,
};

function Experiments({ query }: ScreenProps) {
  const rows = useLoaded("experiments", readExperiments);
  // Scores of a million answers take a second: the table does not wait for them.
  const scores = useLoaded("experiment scores", readExperimentScores);
  const costs = useLoaded("experiment costs", readExperimentCosts);
  return (
    <>
      {project().home.kind !== "file" && (
        <p class="actions">
          <a class="button" href={to(["sweeps"])}>Sweeps</a>
        </p>
      )}
      <CompareTwo query={query} />
      <Waiting loaded={rows}>
        {(experiments) => (
          <ExperimentTable
            experiments={experiments}
            scores={scores.value ?? []}
            costs={costs.value ?? []}
            query={query}
          />
        )}
      </Waiting>
      {rows.value && scores.value && scores.value.length > 0 && (
        <QualityAndCost
          experiments={rows.value}
          scores={scores.value}
          query={query}
        />
      )}
    </>
  );
}

/** Experiments as rows and evaluators as columns. */
export function ExperimentTable({ experiments, scores, costs, query }: {
  experiments: Experiment[];
  scores: ExperimentScore[];
  costs: ExperimentCost[];
  query: Record<string, string>;
}) {
  const evaluators = [...new Set(scores.map(({ evaluator }) => evaluator))];
  const columns: Column<Experiment>[] = [
    {
      head: "Experiment",
      width: "15rem",
      cell: ({ experiment_name }) => <VisibleText text={experiment_name} />,
    },
    {
      head: "Compare",
      width: "6rem",
      cell: (row) => <Tick experiment={row} query={query} />,
    },
    {
      head: "Model",
      width: "12rem",
      cell: ({ model }) => <VisibleText text={model ?? "–"} />,
    },
    {
      head: "Answers",
      width: "6rem",
      isNumber: true,
      cell: ({ prompts }) => toNumber(prompts),
    },
    {
      head: "Succeeded",
      width: "6rem",
      isNumber: true,
      cell: ({ success_rate }) => toPercent(success_rate),
    },
    ...evaluators.map((evaluator): Column<Experiment> => ({
      head: evaluator,
      width: "11rem",
      cell: (row) => {
        const score = scores.find((score) =>
          isOf(score, row) && score.model === row.model &&
          score.evaluator === evaluator
        );
        return (
          <Interval
            mean={score?.score_mean ?? score?.pass_rate ?? null}
            low={score?.score_low ?? null}
            high={score?.score_high ?? null}
          />
        );
      },
    })),
    {
      head: "p50",
      width: "5rem",
      isNumber: true,
      cell: ({ p50_ms }) => toDuration(p50_ms),
    },
    {
      head: "p95",
      width: "5rem",
      isNumber: true,
      cell: ({ p95_ms }) => toDuration(p95_ms),
    },
    {
      head: "Tokens",
      width: "7rem",
      isNumber: true,
      cell: ({ input_tokens, output_tokens }) =>
        toNumber((input_tokens ?? 0) + (output_tokens ?? 0)),
    },
    {
      head: "Cost in all",
      width: "7rem",
      isNumber: true,
      cell: (row) => toMoney(costs.find((cost) => isOf(cost, row))?.cost),
    },
    ...experiments.some(({ owner }) => owner !== null)
      ? [{
        head: "Owner",
        width: "12rem",
        cell: ({ owner }: Experiment) => owner ?? "the project",
      }]
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
        to(["experiments", experiment_name, "answers"], {
          owner: owner ?? undefined,
        })}
      empty="No experiment yet: start a run."
    />
  );
}
