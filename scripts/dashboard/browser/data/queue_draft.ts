import { readList, readNumber } from "./written.ts";

/** What a new label queue asks of people, in words; the first is what holds without a choice. */
export const KINDS = [
  ["", "pass or fail"],
  ["score", "a grade"],
  ["category", "one of some categories"],
  ["pair", "which of two answers is better"],
] as const;

/** What create_evaluation_label_queue() is called with. */
export type QueueDraft = Record<string, string | number | boolean | string[]>;

/** The queue that the query of an address would make, without what holds anyway and what its kind does not have. @throws {WrongField} */
export function readQueueDraft(query: Record<string, string>): QueueDraft {
  const { kind, experiment, evaluator } = query;
  const written = {
    name: query.name ?? experiment ?? "",
    experiment_name: experiment ?? "",
    kind,
    ...kind === "pair" && { against: query.against ?? "" },
    ...kind === "category" && {
      categories: readLines(query.categories),
      passing: readLines(query.passing),
    },
    ...kind === "score" && {
      lowest: readNumber(query, "lowest"),
      highest: readNumber(query, "highest"),
      pass_from: readNumber(query, "pass_from"),
    },
    label_name: query.label,
    instructions: query.instructions,
    evaluator,
    choose: evaluator ? query.choose : undefined,
    items: readNumber(query, "items"),
    people: readNumber(query, "people"),
    blind: query.seen ? false : undefined,
    reviewers: readLines(query.reviewers),
    owner: query.owner,
  };
  return Object.fromEntries(
    Object.entries(written).filter(([, value]) => value !== undefined),
  ) as QueueDraft;
}

/** Undefined: none. */
function readLines(text?: string): string[] | undefined {
  const lines = readList(text);
  return lines.length === 0 ? undefined : lines;
}
