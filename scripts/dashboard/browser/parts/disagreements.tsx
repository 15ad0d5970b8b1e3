import type { Agreement, Disagreement } from "../data/agreement_answer.ts";
import { keyOf } from "../data/agreement.ts";
import { toListed } from "../data/answers.ts";
import { here, withQuery } from "../data/here.ts";
import { Chips } from "./chips.tsx";
import { DisagreementPanel } from "./disagreement_panel.tsx";
import { toNumber, toPercent } from "./formats.ts";
import { Score } from "./score.tsx";
import { type Column, column, Table } from "./table.tsx";
import { VisibleText } from "./visible_text.tsx";

const SHOW_CHOICES = [
  ["", "all"],
  ["judge", "only the judge passes"],
  ["people", "only people pass"],
] as const;

/** Answers that people and the judge see differently; one opens with both beside each other. */
export function Disagreements({ agreement, owner }: {
  agreement: Agreement;
  owner: string | null;
}) {
  const { disagreements, more } = agreement;
  const { show = "", open } = here.value.query;
  const shown = disagreements.filter(({ judge }) =>
    show === "" || (show === "judge") === (judge.passed === true)
  );
  return (
    <section aria-label="Disagreements">
      <h2>Disagreements</h2>
      <Chips label="Show" name="show" choices={SHOW_CHOICES} />
      <Table
        label="Answers they disagree about"
        columns={COLUMNS}
        rows={shown}
        rowKey={keyOf}
        href={(row) => withQuery({ open: keyOf(row) })}
        isOpen={(row) => keyOf(row) === open}
        empty={disagreements.length === 0
          ? "They agree about every answer."
          : "No disagreement is like that."}
      />
      {more > 0 && <p class="hint">{toNumber(more)} more are not listed.</p>}
      {open && (
        <DisagreementPanel
          disagreements={shown}
          chosen={open}
          owner={owner}
        />
      )}
    </section>
  );
}

const COLUMNS: Column<Disagreement>[] = [
  column("Prompt", "20rem", ({ prompt }) => prompt),
  column("Judge", "8rem", ({ judge }) => <Score score={toListed(judge)} />),
  column("People", "12rem", ({ share, people }) =>
    share === null
      ? (
        <VisibleText
          text={people.map(({ category }) => category ?? "–").join(", ")}
        />
      )
      : share === 0.5
      ? "half of them pass it"
      : (
        <span class={share > 0.5 ? "good" : "bad"}>
          {share > 0.5 ? "✓" : "✗"} {toPercent(share)} pass it
        </span>
      )),
  column("What the judge said", "20rem", ({ judge }) => judge.explanation),
  column(
    "What people said",
    "20rem",
    ({ people }) =>
      people.map(({ remark }) => remark).filter(Boolean).join(" · ") ||
      "–",
  ),
  column("Answer", "22rem", ({ response }) => response ?? ""),
];
