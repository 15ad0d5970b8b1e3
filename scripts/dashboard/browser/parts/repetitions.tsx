import { readRepetitions, type RepetitionMean } from "../data/sweeps.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { toNumber } from "./formats.ts";
import { Interval } from "./interval.tsx";
import { type Column, Table } from "./table.tsx";
import { titleOf } from "./variant_table.tsx";
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
    {
      head: "Repetition",
      width: "7rem",
      isNumber: true,
      cell: (repetition) => repetition,
    },
    {
      head: "Prompts",
      width: "6rem",
      isNumber: true,
      cell: (repetition) => toNumber(of(repetition, "success")?.prompts),
    },
    ...evaluators.map((compared): Column<number> => ({
      head: titleOf(compared),
      width: "12rem",
      cell: (repetition) => {
        const found = of(repetition, compared);
        return (
          <Interval
            mean={found?.score_mean ?? null}
            low={found?.score_low ?? null}
            high={found?.score_high ?? null}
          />
        );
      },
    })),
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
