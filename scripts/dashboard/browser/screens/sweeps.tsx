import { here, to } from "../data/here.ts";
import { isActive, nextLook } from "../data/runs.ts";
import {
  readSweeps,
  type SweepProgress,
  SWEEPS_OF_A_PAGE,
} from "../data/sweeps.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { Age } from "../parts/age.tsx";
import { toMoney, toNumber } from "../parts/formats.ts";
import { NewRunLink } from "../parts/new_run_link.tsx";
import { PagesByAge } from "../parts/pages.tsx";
import { progressColumns } from "../parts/progress_columns.tsx";
import { type Column, column, figure, Table } from "../parts/table.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen } from "../screen.ts";

/** All sweeps, newest first, live. */
export const sweeps: Screen = {
  path: "sweeps",
  title: () => "Sweeps",
  body: Sweeps,
};

function Sweeps() {
  const { after } = here.value.query;
  const loaded = useLoaded(
    JSON.stringify(["sweeps", after]),
    (signal) => readSweeps(after, signal),
    (sweeps) => nextLook(sweeps.some(isActive)),
  );
  return (
    <>
      <p class="actions">
        <NewRunLink query={{ variants: "[{},{}]" }} words="New sweep" />
        <a class="button" href={to(["runs"])}>Runs</a>
        <a class="button" href={to(["experiments"])}>Experiments</a>
      </p>
      <Waiting loaded={loaded}>
        {(rows) => (
          <>
            <Table
              label="Sweeps"
              columns={COLUMNS}
              rows={rows}
              rowKey={({ id }) => id}
              href={({ id }) => to(["sweeps", id])}
              empty="No sweep yet. A new run with several variants is one."
            />
            <PagesByAge rows={rows} size={SWEEPS_OF_A_PAGE} />
          </>
        )}
      </Waiting>
    </>
  );
}

const progress = progressColumns("Sweep");

const COLUMNS: Column<SweepProgress>[] = [
  column("Sweep", "13rem", ({ id, name }) => `${id} ${name}`),
  progress.status,
  figure("Variants", "6rem", ({ variants }) => toNumber(variants)),
  progress.done,
  progress.failed,
  figure("Cost", "7.5rem", ({ cost }) => toMoney(cost || null)),
  figure("At most", "7.5rem", ({ max_cost }) => toMoney(max_cost)),
  column("Began, ago", "7rem", ({ started_at }) => <Age at={started_at} />),
];
