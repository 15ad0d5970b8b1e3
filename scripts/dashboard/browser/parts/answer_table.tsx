import type { ListedAnswer } from "../data/answers.ts";
import { withQuery } from "../data/here.ts";
import { toDuration, toMoney } from "./formats.ts";
import { Score } from "./score.tsx";
import { type Column, Table, type TableProps } from "./table.tsx";
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
    {
      head: "Prompt",
      width: "22rem",
      cell: ({ prompt }) => <VisibleText text={prompt} />,
    },
    {
      head: "Answer",
      width: "26rem",
      cell: ({ success, response, error }) =>
        success ? <VisibleText text={response ?? ""} /> : (
          <b class="bad">
            ✗ <VisibleText text={error ?? "failed"} />
          </b>
        ),
    },
    ...evaluators.map((evaluator) => ({
      head: evaluator,
      width: "8rem",
      isNumber: true,
      cell: ({ scores }: ListedAnswer) => <Score score={scores[evaluator]} />,
    })),
    ...answers.some(({ labels }) => labels.length > 0)
      ? [{
        head: "Grade",
        width: "7rem",
        cell: ({ labels }: ListedAnswer) =>
          labels.map(({ passed }) =>
            passed === null ? "•" : passed ? "✓ pass" : "✗ fail"
          ).join(", "),
      }]
      : [],
    {
      head: "Time",
      width: "6rem",
      isNumber: true,
      cell: ({ duration_ms }) => toDuration(duration_ms),
    },
    {
      head: "Cost",
      width: "6rem",
      isNumber: true,
      cell: ({ cost }) => toMoney(cost),
    },
    ...showModel
      ? [{
        head: "Model",
        width: "10rem",
        cell: ({ model }: ListedAnswer) => <VisibleText text={model ?? "–"} />,
      }]
      : [],
  ];
}
