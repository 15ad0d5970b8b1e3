import {
  type Comparison,
  describeExpense,
  describeRow,
} from "../data/comparison.ts";
import { withQuery } from "../data/here.ts";
import { toNumber, toP, toScore } from "./formats.ts";
import { Interval } from "./interval.tsx";
import { type Column, Table } from "./table.tsx";
import { VisibleText } from "./visible_text.tsx";

/** What changed, evaluator by evaluator; a row chooses by what pairs are shown. */
export function ComparisonTable(
  { rows, chosen }: { rows: Comparison[]; chosen?: string },
) {
  if (rows.length === 0) {
    return <p class="empty">They have no prompt in common.</p>;
  }
  const most = Math.max(
    0.05,
    ...rows.flatMap(({ difference, difference_low, difference_high }) =>
      [difference, difference_low, difference_high].map((value) =>
        Math.abs(value ?? 0)
      )
    ),
  );
  const main = rows.find(({ compared }) => compared === chosen) ?? rows[0];
  const columns: Column<Comparison>[] = [
    {
      head: "By",
      width: "12rem",
      cell: ({ compared }) => <VisibleText text={toWords(compared)} />,
    },
    {
      head: "Before",
      width: "5rem",
      isNumber: true,
      cell: (row) => toScore(row.baseline_mean),
    },
    {
      head: "Now",
      width: "5rem",
      isNumber: true,
      cell: (row) => toScore(row.candidate_mean),
    },
    {
      head: "Difference",
      width: "13rem",
      cell: ({ difference, difference_low, difference_high }) => (
        <Interval
          mean={difference}
          low={difference_low}
          high={difference_high}
          from={-most}
          to={most}
        />
      ),
    },
    {
      head: "Better",
      width: "5rem",
      isNumber: true,
      cell: ({ wins }) => toNumber(wins),
    },
    {
      head: "Worse",
      width: "5rem",
      isNumber: true,
      cell: ({ losses }) => toNumber(losses),
    },
    {
      head: "Equal",
      width: "5rem",
      isNumber: true,
      cell: ({ ties }) => toNumber(ties),
    },
    {
      head: "Now pass",
      width: "6rem",
      isNumber: true,
      cell: ({ gained }) => toNumber(gained),
    },
    {
      head: "No longer",
      width: "6rem",
      isNumber: true,
      cell: ({ lost }) => toNumber(lost),
    },
    {
      head: "p",
      width: "5rem",
      isNumber: true,
      cell: ({ p }) => toP(p),
    },
    {
      head: "Prompts",
      width: "6rem",
      isNumber: true,
      cell: ({ pairs }) => toNumber(pairs),
    },
  ];
  return (
    <>
      <p class="sentence">
        <b>
          <VisibleText text={toWords(main.compared)} />
        </b>: {describeRow(main)} {describeExpense(rows[0])}
      </p>
      <Table
        label="What changed"
        columns={columns}
        rows={rows}
        rowKey={({ compared }) => compared}
        href={({ compared }) =>
          withQuery({ by: compared, after: undefined, pair: undefined })}
        isOpen={({ compared }) => compared === chosen}
      />
    </>
  );
}

/** What is compared, as people say it. */
function toWords(compared: string): string {
  return compared === "success" ? "answered at all" : compared;
}
