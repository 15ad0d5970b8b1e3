import { here, to, withQuery } from "../data/here.ts";
import {
  type Ranked,
  type Sweep,
  variantOf,
  type VariantRun,
} from "../data/sweeps.ts";
import { Tick } from "./compare_two.tsx";
import { titleOf, toDuration, toMoney } from "./formats.ts";
import { MeanScore } from "./interval.tsx";
import { progressColumns } from "./progress_columns.tsx";
import { type Column, column, figure, Table } from "./table.tsx";

const progress = progressColumns("Run");

/** Variants as rows and evaluators as columns, with intervals; two that are ticked are compared. */
export function VariantTable({ sweep, ranked }: {
  sweep: Sweep;
  ranked: Ranked[];
}) {
  const evaluators = [...new Set(ranked.map(({ compared }) => compared))];
  const of = (run: VariantRun, compared: string) =>
    ranked.find((row) =>
      row.experiment_name === run.experiment_name && row.compared === compared
    );
  const columns: Column<VariantRun>[] = [
    column("Variant", "13rem", (run) => variantOf(sweep, run)),
    column("Compare", "7rem", ({ experiment_name }) => (
      <Tick
        experiment={{ experiment_name, owner: sweep.owner }}
      />
    )),
    progress.status,
    ...evaluators.map((compared) =>
      column(
        titleOf(compared),
        "11rem",
        (run: VariantRun) => <MeanScore of={of(run, compared)} />,
      )
    ),
    ...sweep.repetitions > 1
      ? [
        column(
          "Repetitions",
          "8rem",
          (run: VariantRun) => <OpenRepetitions run={run} />,
        ),
      ]
      : [],
    figure("Cost", "7.5rem", ({ cost }) => toMoney(cost || null)),
    figure(
      "Mean time",
      "6rem",
      (run) => toDuration(of(run, "success")?.latency_ms),
    ),
    progress.done,
    progress.failed,
    column(
      "Model",
      "12rem",
      ({ endpoint, model }) => model ?? `that of ${endpoint}`,
    ),
  ];
  return (
    <Table
      label="Variants"
      columns={columns}
      rows={sweep.runs}
      rowKey={({ id }) => id}
      href={({ id }) => to(["runs", id])}
      empty="It has no variant."
    />
  );
}

function OpenRepetitions(
  { run }: { run: VariantRun },
) {
  const { query } = here.value;
  const isOpen = query.repetitions === String(run.id);
  const words = isOpen ? "close" : "open";
  return (
    <a
      class="chip"
      href={withQuery({ repetitions: isOpen ? undefined : run.id })}
      aria-current={isOpen ? "true" : undefined}
      aria-label={`${words} the repetitions of ${run.experiment_name}`}
    >
      {words}
    </a>
  );
}
