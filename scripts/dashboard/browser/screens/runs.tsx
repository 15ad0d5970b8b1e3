import { readInterval } from "../../../pipeline/read_interval.ts";
import { here, to, withQuery } from "../data/here.ts";
import {
  isActive,
  type ListedRun,
  nextLook,
  readRuns,
  RUNS_OF_A_PAGE,
} from "../data/runs.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { Age } from "../parts/age.tsx";
import { Chips } from "../parts/chips.tsx";
import { toDuration, toMoney, toNumber } from "../parts/formats.ts";
import { NewRunLink } from "../parts/new_run_link.tsx";
import { PagesByAge } from "../parts/pages.tsx";
import { progressColumns } from "../parts/progress_columns.tsx";
import { type Column, column, figure, Table } from "../parts/table.tsx";
import { VisibleText } from "../parts/visible_text.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen } from "../screen.ts";

/** All runs, newest first, live. */
export const runs: Screen = {
  path: "runs",
  title: () => "Runs",
  nav: { label: "Runs", key: "r" },
  body: Runs,
};

const STATUSES = [
  ["", "all"],
  ["running", "running"],
  ["paused", "paused"],
  ["completed", "completed"],
  ["failed", "failed"],
  ["cancelled", "cancelled"],
] as const;

function Runs() {
  const { status, experiment, after } = here.value.query;
  const loaded = useLoaded(
    JSON.stringify(["runs", status, experiment, after]),
    (signal) => readRuns({ status, experiment, after }, signal),
    (runs) => nextLook(runs.some(isActive)),
  );
  return (
    <>
      <p class="actions">
        <NewRunLink words="New run" />
        <a class="button" href={to(["sweeps"])}>Sweeps</a>
      </p>
      <Chips label="Status" name="status" choices={STATUSES} />
      {experiment && (
        <p class="chips">
          Experiment <VisibleText text={experiment} />{" "}
          <a class="button" href={withQuery({ experiment: undefined })}>
            Show all
          </a>
        </p>
      )}
      <Waiting loaded={loaded}>
        {(rows) => (
          <>
            <RunTable
              runs={rows}
              empty={status || experiment ? "No run is like that." : (
                <>
                  No run yet. One row starts one:{" "}
                  <code>insert into pipeline_runs (source, endpoint) …</code>
                </>
              )}
            />
            <PagesByAge rows={rows} size={RUNS_OF_A_PAGE} />
          </>
        )}
      </Waiting>
    </>
  );
}

const progress = progressColumns("Run");

const COLUMNS: Column<ListedRun>[] = [
  figure("Run", "4rem", ({ id }) => id),
  column("Experiment", "13rem", ({ experiment_name }) => experiment_name),
  progress.status,
  progress.done,
  progress.failed,
  column(
    "Model",
    "11rem",
    ({ model }) => model,
  ),
  figure(
    "Per second",
    "6rem",
    ({ prompts_per_second }) => toNumber(prompts_per_second),
  ),
  figure("Left", "6rem", ({ eta }) => toDuration(readInterval(eta))),
  figure("Cost", "7.5rem", ({ cost }) => toMoney(cost || null)),
  column("Age", "7rem", ({ created_at }) => <Age at={created_at} />),
];

/** Runs as rows. */
export function RunTable(
  { runs, empty }: { runs: ListedRun[]; empty?: preact.ComponentChildren },
) {
  return (
    <Table
      label="Runs"
      columns={COLUMNS}
      rows={runs}
      rowKey={({ id }) => id}
      href={({ id }) => to(["runs", id])}
      empty={empty}
    />
  );
}
