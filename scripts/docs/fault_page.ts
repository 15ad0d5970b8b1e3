import type { FailureFact } from "../../supabase/functions/_shared/model/failures/failure_fact.ts";
import type { FinishFact } from "../../supabase/functions/_shared/model/finish_reasons.ts";
import {
  readErrorDetail,
  readProviderError,
} from "../../supabase/functions/_shared/model/provider_error.ts";
import type { FaultCase } from "../../supabase/functions/_shared/model/testing/fault_outcomes.ts";
import { toTable } from "./markdown_table.ts";

const PREFACE = `# Faults and outcomes

What comes of every fault that a model endpoint is known for, in every format.
This page is written by \`deno task docs\` from
\`supabase/functions/_shared/model/testing/fault_outcomes.ts\`; the same cases are
tested against the model simulator.
`;

const FACTS = `## In vendors' words

A status alone does not say what is wrong. What overrules it is told by codes and
by how a message begins; each row was seen, where its source says.
`;

const ENDINGS = `## Why an answer ends

Gateways pass the words of one vendor through the shape of another's API, so all
words are known in all formats. What is filtered, refused or broken off is no
answer, even where it has text; a word that is not listed is \`other\`.
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
export function toFaultPage(
  cases: readonly FaultCase[],
  failures: readonly FailureFact[],
  endings: readonly FinishFact[],
): string {
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
    FACTS,
    toTable(
      ["vendor", "HTTP", "says", "outcome", "source"],
      failures.flatMap(({ means, seen }) =>
        seen.map(({ vendor, source, status, body }) => [
          vendor,
          String(status),
          wordsOf(body),
          `${means.class} ${means.code}`,
          source,
        ])
      ),
    ),
    ENDINGS,
    toTable(
      ["finish reason", "means", "vendor", "source"],
      endings.map(({ word, means, vendor, source }) => [
        `\`${word}\``,
        means,
        vendor,
        source,
      ]),
    ),
  ].join("\n");
}

function wordsOf(body: unknown): string {
  const { codes, message } = readProviderError(body) ?? readErrorDetail(body)!;
  return [...new Set(codes), message].join(": ").slice(0, 120)
    .replaceAll("|", "\\|");
}
