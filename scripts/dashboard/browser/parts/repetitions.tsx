import { readRepetitions, type RepetitionMean } from "../data/sweeps.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { titleOf, toNumber } from "./formats.ts";
import { MeanScore } from "./interval.tsx";
import { type Column, column, figure, Table } from "./table.tsx";
import { VisibleText } from "./visible_text.tsx";
import { Waiting } from "./waiting.tsx";

/** What each repetition of an experiment gave: how much chance there is in one of them. */
export function Repetitions({ name, owner, version }: {
  name: string;
  owner: string | null;
  /** Another one when there are new answers. */
  version: string;
}) {
  const loaded = useLoaded(
    JSON.stringify(["repetitions", name, owner, version]),
    (signal) => readRepetitions(name, owner, signal),
  );
  return (
    <>
      <h2>
        Repetitions of <VisibleText text={name} />
      </h2>
      <Waiting loaded={loaded}>
        {(means) => <RepetitionTable means={means} />}
      </Waiting>
    </>
  );
}

/** Repetitions as rows and evaluators as columns. */
export function RepetitionTable({ means }: { means: RepetitionMean[] }) {
  const evaluators = [...new Set(means.map(({ compared }) => compared))];
  const repetitions = [...new Set(means.map(({ repetition }) => repetition))]
    .sort((one, other) => one - other);
  const of = (repetition: number, compared: string) =>
    means.find((mean) =>
      mean.repetition === repetition && mean.compared === compared
    );
  const columns: Column<number>[] = [
    figure("Repetition", "7rem", (repetition) => repetition),
    figure(
      "Prompts",
      "6rem",
      (repetition) => toNumber(of(repetition, "success")?.prompts),
    ),
    ...evaluators.map((compared) =>
      column(
        titleOf(compared),
        "12rem",
        (repetition: number) => <MeanScore of={of(repetition, compared)} />,
      )
    ),
  ];
  return (
    <Table
      label="Repetitions"
      columns={columns}
      rows={repetitions}
      rowKey={(repetition) => repetition}
      empty="No answers yet."
    />
  );
}
