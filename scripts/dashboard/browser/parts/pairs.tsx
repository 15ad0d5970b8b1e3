import {
  isOfSome,
  type Pair,
  readPairs,
  type Sides,
} from "../data/comparison.ts";
import { here, withQuery } from "../data/here.ts";
import { project } from "../data/project.ts";
import { useLoaded } from "../data/use_loaded.ts";
import { Chips } from "./chips.tsx";
import { PairPanel } from "./pair_panel.tsx";
import { toNumber, toScore, toSigned } from "./formats.ts";
import { type Column, column, figure, Table } from "./table.tsx";
import { Waiting } from "./waiting.tsx";

const SHOW_CHOICES = [
  ["", "worse"],
  ["better", "better"],
  ["lost", "no longer pass"],
  ["gained", "now pass"],
  ["different", "different"],
  ["all", "all"],
] as const;

/** Answers that are looked at first: something is seen at once, however many there are. */
const FIRST_SCAN = 5_000;

/** The prompts behind a comparison, worst first; one opens with both answers. */
export function Pairs({ sides, evaluator }: {
  sides: Sides;
  /** Undefined: whether there was an answer. */
  evaluator: string | undefined;
}) {
  const { show = "", after, pair } = here.value.query;
  const choice = {
    evaluator: evaluator ?? null,
    show: show || "worse",
    after: after ?? null,
  };
  const question = JSON.stringify(["pairs", sides, choice]);
  // A file holds what is found among all.
  const isFile = project().home.kind === "file";
  const first = useLoaded(
    isFile ? undefined : `${question} first`,
    (signal) => readPairs(sides, { ...choice, scan: FIRST_SCAN }, signal),
  );
  const needsAll = isFile ||
    !first.isLoading && first.value !== undefined &&
      isOfSome(choice.show, first.value);
  const all = useLoaded(
    needsAll ? question : undefined,
    (signal) => readPairs(sides, choice, signal),
  );
  const isWhole = isFile || needsAll && !all.isLoading;
  return (
    <section aria-label="Prompts">
      <h2>Prompts</h2>
      <Chips
        label="Show"
        name="show"
        choices={SHOW_CHOICES}
        chosen={show === "worse" ? "" : show}
      />
      <p class="state" role="status">
        {needsAll && !isWhole &&
          `Among the first ${toNumber(FIRST_SCAN)} prompts; reading all …`}
      </p>
      <Waiting
        loaded={isWhole ? { ...all, value: all.value ?? first.value } : first}
      >
        {({ rows, next }) => (
          <>
            <Table
              label="Prompts of both"
              columns={COLUMNS}
              rows={rows}
              rowKey={({ prompt_key }) => prompt_key}
              href={({ prompt_key }) => withQuery({ pair: prompt_key })}
              isOpen={({ prompt_key }) => prompt_key === pair}
              empty="No prompt is like that."
            />
            {next !== null && (
              <p class="pages">
                <a
                  class="button"
                  href={withQuery({ after: next, pair: undefined })}
                >
                  More
                </a>
              </p>
            )}
            {pair && <PairPanel sides={sides} pairs={rows} chosen={pair} />}
          </>
        )}
      </Waiting>
    </section>
  );
}

const COLUMNS: Column<Pair>[] = [
  column("Prompt", "22rem", ({ prompt }) => prompt),
  figure("Difference", "7rem", ({ difference }) => (
    <span
      class={difference === null || difference === 0
        ? ""
        : difference > 0
        ? "good"
        : "bad"}
    >
      {toSigned(difference)}
    </span>
  )),
  figure("Before", "5rem", ({ baseline_score }) => toScore(baseline_score)),
  figure("Now", "5rem", ({ candidate_score }) => toScore(candidate_score)),
  column(
    "Answer before",
    "22rem",
    (pair) => pair.baseline_response ?? pair.baseline_error ?? "",
  ),
  column(
    "Answer now",
    "22rem",
    (pair) => pair.candidate_response ?? pair.candidate_error ?? "",
  ),
];
