import type { ListedAnswer } from "../data/answers.ts";
import { withQuery } from "../data/here.ts";
import { toDuration, toMoney } from "./formats.ts";
import { Score } from "./score.tsx";
import {
  type Column,
  column,
  figure,
  Table,
  type TableProps,
} from "./table.tsx";
import { VisibleText } from "./visible_text.tsx";

/** Answers as rows: the scores stand directly behind the answer, always. */
export function AnswerTable(
  { answers, evaluators, showModel, open, ...rest }: {
    answers: ListedAnswer[];
    evaluators: string[];
    showModel: boolean;
    /** Id of the answer in the panel. */
    open?: string;
  } & Pick<TableProps<ListedAnswer>, "onEdge" | "onTop" | "empty" | "count">,
) {
  return (
    <Table
      label="Answers"
      columns={toColumns(answers, evaluators, showModel)}
      rows={answers}
      rowKey={({ id }) => id}
      href={({ id }) => withQuery({ row: id })}
      isOpen={({ id }) => String(id) === open}
      {...rest}
    />
  );
}

function toColumns(
  answers: ListedAnswer[],
  evaluators: string[],
  showModel: boolean,
): Column<ListedAnswer>[] {
  return [
    column("Prompt", "22rem", ({ prompt }) => prompt),
    column(
      "Answer",
      "26rem",
      ({ success, response, error }) =>
        success ? <VisibleText text={response ?? ""} /> : (
          <b class="bad">
            ✗ <VisibleText text={error ?? "failed"} />
          </b>
        ),
    ),
    ...evaluators.map((
      evaluator,
    ) => (figure(
      evaluator,
      "8rem",
      ({ scores }: ListedAnswer) => <Score score={scores[evaluator]} />,
    ))),
    ...answers.some(({ labels }) => labels.length > 0)
      ? [
        column("Grade", "7rem", ({ labels }: ListedAnswer) =>
          labels.map(({ passed }) =>
            passed === null ? "•" : passed ? "✓ pass" : "✗ fail"
          ).join(", ")),
      ]
      : [],
    figure("Time", "6rem", ({ duration_ms }) => toDuration(duration_ms)),
    figure("Cost", "7.5rem", ({ cost }) => toMoney(cost)),
    ...showModel
      ? [column("Model", "10rem", ({ model }: ListedAnswer) => model)]
      : [],
  ];
}
