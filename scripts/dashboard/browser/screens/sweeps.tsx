import { to } from "../data/here.ts";
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
import { PagesByAge } from "../parts/pages_by_age.tsx";
import { progressColumns } from "../parts/progress_columns.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { VisibleText } from "../parts/visible_text.tsx";
import { Waiting } from "../parts/waiting.tsx";
import type { Screen, ScreenProps } from "../screen.ts";

/** All sweeps, newest first, live. */
export const sweeps: Screen = {
  path: "sweeps",
  title: () => "Sweeps",
  body: Sweeps,
};

function Sweeps({ query: { after } }: ScreenProps) {
  const loaded = useLoaded(
    JSON.stringify(["sweeps", after]),
    (signal) => readSweeps({ after }, signal),
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
            <SweepTable sweeps={rows} />
            <PagesByAge after={after} rows={rows} size={SWEEPS_OF_A_PAGE} />
          </>
        )}
      </Waiting>
    </>
  );
}

const progress = progressColumns("Sweep");

const COLUMNS: Column<SweepProgress>[] = [
  {
    head: "Sweep",
    width: "13rem",
    cell: ({ id, name }) => <VisibleText text={`${id} ${name}`} />,
  },
  progress.status,
  {
    head: "Variants",
    width: "6rem",
    isNumber: true,
    cell: ({ variants }) => toNumber(variants),
  },
  progress.done,
  progress.failed,
  {
    head: "Cost",
    width: "6rem",
    isNumber: true,
    cell: ({ cost }) => toMoney(cost || null),
  },
  {
    head: "At most",
    width: "6rem",
    isNumber: true,
    cell: ({ max_cost }) => toMoney(max_cost),
  },
  {
    head: "Began, ago",
    width: "7rem",
    cell: ({ started_at }) => <Age at={started_at} />,
  },
];

/** Sweeps as rows. */
export function SweepTable({ sweeps }: { sweeps: SweepProgress[] }) {
  return (
    <Table
      label="Sweeps"
      columns={COLUMNS}
      rows={sweeps}
      rowKey={({ id }) => id}
      href={({ id }) => to(["sweeps", id])}
      empty="No sweep yet. A new run with several variants is one."
    />
  );
}
