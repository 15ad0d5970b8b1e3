import { type Agreement, type Disagreement, keyOf } from "../data/agreement.ts";
import { toListed } from "../data/answers.ts";
import { withQuery } from "../data/here.ts";
import { Chips } from "./chips.tsx";
import { DisagreementPanel } from "./disagreement_panel.tsx";
import { toNumber, toPercent } from "./formats.ts";
import { Score } from "./score.tsx";
import { type Column, Table } from "./table.tsx";
import { VisibleText } from "./visible_text.tsx";

const SHOW_CHOICES = [
  ["", "all"],
  ["judge", "only the judge passes"],
  ["people", "only people pass"],
] as const;

/** Answers that people and the judge see differently; one opens with both beside each other. */
export function Disagreements({ agreement, owner, query }: {
  agreement: Agreement;
  owner: string | null;
  query: Record<string, string>;
}) {
  const { disagreements, more } = agreement;
  const { show = "", open } = query;
  const shown = disagreements.filter(({ judge }) =>
    show === "" || (show === "judge") === (judge.passed === true)
  );
  return (
    <section aria-label="Disagreements">
      <h2>Disagreements</h2>
      <Chips label="Show" name="show" choices={SHOW_CHOICES} chosen={show} />
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
          query={query}
        />
      )}
    </section>
  );
}

const COLUMNS: Column<Disagreement>[] = [
  {
    head: "Prompt",
    width: "20rem",
    cell: ({ prompt }) => <VisibleText text={prompt} />,
  },
  {
    head: "Judge",
    width: "8rem",
    cell: ({ judge }) => <Score score={toListed(judge)} />,
  },
  {
    head: "People",
    width: "10rem",
    cell: ({ share, people }) =>
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
        ),
  },
  {
    head: "What the judge said",
    width: "20rem",
    cell: ({ judge }) => <VisibleText text={judge.explanation ?? "–"} />,
  },
  {
    head: "What people said",
    width: "20rem",
    cell: ({ people }) => (
      <VisibleText
        text={people.map(({ remark }) => remark).filter(Boolean).join(" · ") ||
          "–"}
      />
    ),
  },
  {
    head: "Answer",
    width: "22rem",
    cell: ({ response }) => <VisibleText text={response ?? ""} />,
  },
];
