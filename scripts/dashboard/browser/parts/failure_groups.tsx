import type { FailureGroup } from "../data/failures.ts";
import { to } from "../data/here.ts";
import { Age } from "./age.tsx";
import { toNumber } from "./formats.ts";
import { type Column, column, figure, Table } from "./table.tsx";

const COLUMNS: Column<FailureGroup>[] = [
  column("Kind", "14rem", ({ class: kind, code }) => `${kind}: ${code}`),
  figure("How often", "6rem", ({ count }) => toNumber(count)),
  column(
    "Outcome",
    "7rem",
    ({ final }) => final ? <b class="bad">failed</b> : "tried again",
  ),
  column("Stage", "6rem", ({ stage }) => stage),
  column("Example", "30rem", ({ example }) => example ?? ""),
  column("Last, ago", "7rem", ({ last_at }) => <Age at={last_at} />),
  figure("Run", "5rem", ({ run_id }) => run_id),
];

/** Errors by their kind; a row leads to them one by one. */
export function FailureGroups(
  { groups, ofOneRun }: { groups: FailureGroup[]; ofOneRun?: boolean },
) {
  return (
    <Table
      label="Errors by kind"
      columns={ofOneRun ? COLUMNS.slice(0, -1) : COLUMNS}
      rows={groups}
      rowKey={({ run_id, stage, class: kind, code, final }) =>
        [run_id, stage, kind, code, final].join()}
      href={({ run_id, stage, code }) =>
        to(["errors"], { run: String(run_id), stage, code })}
      empty="No errors."
    />
  );
}
