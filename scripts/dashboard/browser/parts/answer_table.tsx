import { useCallback, useMemo } from "preact/hooks";
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
  const showGrade = answers.some(({ labels }) => labels.length > 0);
  const columns = useMemo(
    () => toColumns(evaluators, showModel, showGrade),
    [JSON.stringify(evaluators), showModel, showGrade],
  );
  const href = useCallback(
    ({ id }: ListedAnswer) => withQuery({ row: id }),
    [withQuery({ row: undefined })],
  );
  return (
    <Table
      label="Answers"
      columns={columns}
      rows={answers}
      rowKey={({ id }) => id}
      href={href}
      isOpen={({ id }) => String(id) === open}
      {...rest}
    />
  );
}

function toColumns(
  evaluators: string[],
  showModel: boolean,
  showGrade: boolean,
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
    ...showGrade
      ? [
        column("Grade", "8rem", ({ labels }: ListedAnswer) =>
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
