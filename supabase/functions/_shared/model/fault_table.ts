import type { FaultCase } from "./fault_outcomes.ts";

const PREFACE = `# Faults and outcomes

What comes of every fault that a model endpoint is known for, in every format.
This page is written by \`deno run -A scripts/docs/write_fault_table.ts\` from
\`supabase/functions/_shared/model/fault_outcomes.ts\`, where the same cases are
tested against the model simulator; a test fails when the two differ.
`;

const CLASSES: [errorClass: string, effect: string][] = [
  [
    "rate",
    "the endpoint is left alone for the time it asks for, by all workers; " +
    "no attempt is used up",
  ],
  ["transient", "the prompt is tried again later; an attempt is used up"],
  ["permanent", "the prompt has failed"],
  ["stop", "the run is paused, with the reason"],
  ["answer", "the answer is stored, with the finish reason"],
];

/** The page docs/faults.md, laid out as `deno fmt` does. */
export function toFaultPage(cases: readonly FaultCase[]): string {
  const rows = cases.map(({ fault, happens, outcome, except }) => [
    happens,
    outcome,
    Object.entries(except ?? {}).map(([format, other]) => `${format}: ${other}`)
      .join("; "),
    `\`${fault}\``,
  ]);
  return [
    PREFACE,
    ...toTable([["class", "what the pipeline does"], ...CLASSES]),
    "",
    ...toTable([
      ["the endpoint", "outcome", "other formats", "simulator's name"],
      ...rows,
    ]),
    "",
  ].join("\n");
}

function toTable(rows: string[][]): string[] {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.map((row) => row[column].length))
  );
  const rule = widths.map((width) => "-".repeat(width));
  return [rows[0], rule, ...rows.slice(1)].map((row) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`
  );
}
