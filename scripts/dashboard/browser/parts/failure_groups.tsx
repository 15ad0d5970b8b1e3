import type { FailureGroup } from "../data/failures.ts";
import { to } from "../data/here.ts";
import { Age } from "./age.tsx";
import { toNumber } from "./formats.ts";
import { type Column, Table } from "./table.tsx";
import { VisibleText } from "./visible_text.tsx";

const COLUMNS: Column<FailureGroup>[] = [
  {
    head: "Kind",
    width: "14rem",
    cell: ({ class: kind, code }) => <VisibleText text={`${kind}: ${code}`} />,
  },
  {
    head: "How often",
    width: "6rem",
    isNumber: true,
    cell: ({ count }) => toNumber(count),
  },
  {
    head: "Outcome",
    width: "7rem",
    cell: ({ final }) => final ? <b class="bad">failed</b> : "tried again",
  },
  { head: "Stage", width: "6rem", cell: ({ stage }) => stage },
  {
    head: "Example",
    width: "30rem",
    cell: ({ example }) => <VisibleText text={example ?? ""} />,
  },
  {
    head: "Last, ago",
    width: "7rem",
    cell: ({ last_at }) => <Age at={last_at} />,
  },
  { head: "Run", width: "5rem", isNumber: true, cell: ({ run_id }) => run_id },
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
