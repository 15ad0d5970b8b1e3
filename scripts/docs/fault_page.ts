import type { FaultCase } from "../../supabase/functions/_shared/model/testing/fault_outcomes.ts";
import { toTable } from "./markdown_table.ts";

const PREFACE = `# Faults and outcomes

What comes of every fault that a model endpoint is known for, in every format.
This page is written by \`deno task docs\` from
\`supabase/functions/_shared/model/testing/fault_outcomes.ts\`; the same cases are
tested against the model simulator.
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

/** The page docs/faults.md, before `deno fmt` lays it out. */
export function toFaultPage(cases: readonly FaultCase[]): string {
  return [
    PREFACE,
    toTable(["class", "what the pipeline does"], CLASSES),
    toTable(
      ["the endpoint", "outcome", "other formats", "simulator's name"],
      cases.map(({ fault, happens, outcome, except }) => [
        happens,
        outcome,
        Object.entries(except ?? {})
          .map(([format, other]) => `${format}: ${other}`).join("; "),
        `\`${fault}\``,
      ]),
    ),
  ].join("\n");
}
