import {
  type Comparison,
  describeExpense,
  describeRow,
} from "../data/comparison.ts";
import { withQuery } from "../data/here.ts";
import { titleOf, toNumber, toP, toScore } from "./formats.ts";
import { Interval } from "./interval.tsx";
import { type Column, column, figure, Table } from "./table.tsx";
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
    column("By", "12rem", ({ compared }) => titleOf(compared)),
    figure("Before", "5rem", (row) => toScore(row.baseline_mean)),
    figure("Now", "5rem", (row) => toScore(row.candidate_mean)),
    column(
      "Difference",
      "13rem",
      ({ difference, difference_low, difference_high }) => (
        <Interval
          mean={difference}
          low={difference_low}
          high={difference_high}
          from={-most}
          to={most}
        />
      ),
    ),
    figure("Better", "5rem", ({ wins }) => toNumber(wins)),
    figure("Worse", "5rem", ({ losses }) => toNumber(losses)),
    figure("Equal", "5rem", ({ ties }) => toNumber(ties)),
    figure("Now pass", "6rem", ({ gained }) => toNumber(gained)),
    figure("No longer", "6rem", ({ lost }) => toNumber(lost)),
    figure("p", "5rem", ({ p }) => toP(p)),
    figure("Prompts", "6rem", ({ pairs }) => toNumber(pairs)),
  ];
  return (
    <>
      <p class="sentence">
        <b>
          <VisibleText text={titleOf(main.compared)} />
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
