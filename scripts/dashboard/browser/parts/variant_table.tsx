import { to, withQuery } from "../data/here.ts";
import {
  type Ranked,
  type Sweep,
  variantOf,
  type VariantRun,
} from "../data/sweeps.ts";
import { Tick } from "./compare_two.tsx";
import { toDuration, toMoney } from "./formats.ts";
import { Interval } from "./interval.tsx";
import { progressColumns } from "./progress_columns.tsx";
import { type Column, Table } from "./table.tsx";
import { VisibleText } from "./visible_text.tsx";

const progress = progressColumns("Run");

/** Variants as rows and evaluators as columns, with intervals; two that are ticked are compared. */
export function VariantTable({ sweep, ranked, query }: {
  sweep: Sweep;
  ranked: Ranked[];
  query: Record<string, string>;
}) {
  const evaluators = [...new Set(ranked.map(({ compared }) => compared))];
  const of = (run: VariantRun, compared: string) =>
    ranked.find((row) =>
      row.experiment_name === run.experiment_name && row.compared === compared
    );
  const columns: Column<VariantRun>[] = [
    {
      head: "Variant",
      width: "13rem",
      cell: (run) => <VisibleText text={variantOf(sweep, run)} />,
    },
    {
      head: "Compare",
      width: "6rem",
      cell: ({ experiment_name }) => (
        <Tick
          experiment={{ experiment_name, owner: sweep.owner }}
          query={query}
        />
      ),
    },
    ...evaluators.map((compared): Column<VariantRun> => ({
      head: titleOf(compared),
      width: "12rem",
      cell: (run) => {
        const found = of(run, compared);
        return (
          <Interval
            mean={found?.score_mean ?? null}
            low={found?.score_low ?? null}
            high={found?.score_high ?? null}
          />
        );
      },
    })),
    ...sweep.repetitions > 1
      ? [{
        head: "Repetitions",
        width: "8rem",
        cell: (run: VariantRun) => <OpenRepetitions run={run} query={query} />,
      }]
      : [],
    {
      head: "Cost",
      width: "6rem",
      isNumber: true,
      cell: ({ cost }) => toMoney(cost || null),
    },
    {
      head: "Mean time",
      width: "6rem",
      isNumber: true,
      cell: (run) => toDuration(of(run, "success")?.latency_ms),
    },
    progress.status,
    progress.done,
    progress.failed,
    {
      head: "Model",
      width: "12rem",
      cell: ({ endpoint, model }) => (
        <VisibleText text={model ?? `that of ${endpoint}`} />
      ),
    },
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

/** What something is compared by, in words. */
export function titleOf(compared: string): string {
  return compared === "success" ? "answered at all" : compared;
}

function OpenRepetitions(
  { run, query }: { run: VariantRun; query: Record<string, string> },
) {
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
