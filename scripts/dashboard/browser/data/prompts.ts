import { readTableSource } from "./table_source.ts";
import { readList, readNumber } from "./written.ts";

/** Which prompts a run asks, as a row says it. */
export interface Prompts {
  source: Record<string, unknown>;
  /** Of extraction. */
  options: Record<string, unknown>;
  maxPrompts?: number;
}

/** Names in the query of an address that say which prompts are meant, the same on every screen. */
export const PROMPT_NAMES = [
  "from",
  "bucket",
  "prefix",
  "table",
  "columns",
  "where",
  "news",
  "set",
  "version",
  "run",
  "unanswered",
  "prompts",
  "turns",
  "context",
  "since",
  "until",
  "sample",
  "dedupe",
  "redact",
  "max_prompts",
];

/** Where prompts come from, in words; the first is what holds without a choice. */
export const SOURCES = [
  ["archive", "an archive in Storage"],
  ["table", "a table of the project"],
  ["set", "a saved set"],
  ["run", "an earlier run"],
  ["prompts", "written here"],
] as const;

/** The part of a query that says which prompts are meant. */
export function pickPrompts(
  query: Record<string, string>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).filter(([name]) => PROMPT_NAMES.includes(name)),
  );
}

/** The prompts that the query of an address means. @throws {WrongField} */
export function readPrompts(query: Record<string, string>): Prompts {
  return {
    source: readSource(query),
    options: isExtracted(query) ? readOptions(query) : {},
    maxPrompts: readNumber(query, "max_prompts"),
  };
}

/** Whether prompts are taken out of conversations, by options that say which. */
export function isExtracted(
  { from = "archive" }: Record<string, string>,
): boolean {
  return from === "archive" || from === "table";
}

function readSource(query: Record<string, string>): Record<string, unknown> {
  switch (query.from) {
    case "table":
      return readTableSource(query);
    case "set":
      return {
        type: "set",
        name: query.set ?? "",
        ...withNumber("version", readNumber(query, "version")),
      };
    case "run":
      return {
        type: "run",
        ...withNumber("runId", readNumber(query, "run")),
        ...query.unanswered && { onlyUnanswered: true },
      };
    case "prompts":
      return {
        type: "prompts",
        prompts: readList(query.prompts),
      };
    default:
      return {
        type: "supabase",
        bucket: query.bucket ?? "",
        ...query.prefix && { prefix: query.prefix },
      };
  }
}

function readOptions(query: Record<string, string>): Record<string, unknown> {
  const { turns, context, since, until, dedupe, redact } = query;
  return {
    ...turns && { turns },
    ...context && { context },
    ...since && { since },
    ...until && { until },
    ...withNumber("sample", readNumber(query, "sample")),
    ...dedupe && { dedupe: true },
    ...redact && { redact: true },
  };
}

function withNumber(
  name: string,
  number: number | undefined,
): Record<string, number> {
  return number === undefined ? {} : { [name]: number };
}
