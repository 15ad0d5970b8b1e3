import { texts, toNumber } from "../read_arguments.ts";
import { readGiven } from "../read_text.ts";

/** Options of `labels create`, as node:util reads them. */
export const queueOptions = {
  ...texts("evaluator", "choose", "label", "kind", "categories", "passing"),
  ...texts("from", "to", "pass-from", "against", "instructions", "owner"),
  items: { type: "string", default: "60" },
  people: { type: "string", default: "1" },
  reviewer: { type: "string", multiple: true },
  blind: { type: "boolean", default: true },
} as const;

type Values = { -readonly [Name in keyof typeof queueOptions]?: unknown };

/**
 * What create_evaluation_label_queue() takes, beside name and experiment.
 *
 * @throws {WrongUsage} a number is none, or the file of the instructions cannot be read
 */
export async function toQueue(values: Values): Promise<object> {
  const text = (name: keyof Values) => values[name] as string | undefined;
  const number = (name: keyof Values) => toNumber(name, text(name)) ?? null;
  const words = (name: keyof Values) =>
    text(name)?.split(",").map((word) => word.trim()) ?? null;
  return {
    label_name: text("label") ?? null,
    // What only one kind has says which is meant.
    kind: text("kind") ??
      (values.against !== undefined
        ? "pair"
        : values.categories !== undefined
        ? "category"
        : values.to !== undefined || values["pass-from"] !== undefined
        ? "score"
        : "pass"),
    instructions: await readGiven(text("instructions") ?? ""),
    items: number("items"),
    people: number("people"),
    blind: values.blind,
    choose: text("choose") ?? null,
    evaluator: text("evaluator") ?? null,
    against: text("against") ?? null,
    categories: words("categories"),
    passing: words("passing"),
    lowest: number("from"),
    highest: number("to"),
    pass_from: number("pass-from"),
    reviewers: values.reviewer ?? null,
    owner: text("owner") ?? null,
  };
}
