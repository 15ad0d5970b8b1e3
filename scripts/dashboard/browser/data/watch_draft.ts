import { type Draft, readEvaluators, withoutBlanks } from "./draft.ts";
import { readTableSource } from "./table_source.ts";
import { readList, readNumber, toNumber } from "./written.ts";

/** The row that the query of an address would write. @throws {WrongField} */
export function readWatchDraft(query: Record<string, string>): Draft {
  const { after: _, ...source } = readTableSource(query);
  return {
    what: "watch",
    row: withoutBlanks({
      name: query.name,
      source: withoutBlanks({ ...source, settle: query.settle }),
      evaluators: readEvaluators(query.evaluators),
      options: withoutBlanks({
        context: query.context,
        redact: query.redact ? true : undefined,
      }),
      sample: readNumber(query, "sample"),
      max_cost_per_day: readNumber(query, "max_cost"),
      max_answers_per_day: readNumber(query, "max_answers"),
      window_turns: readNumber(query, "window_turns"),
      approved: readApproved(query.approved),
    }),
  };
}

/** A line each of an evaluator and its mean, `rouge-l = 0.42`; for the project to refuse if it is no number. */
function readApproved(text?: string): Record<string, unknown> {
  return Object.fromEntries(
    readList(text).map((line) => {
      const [, evaluator, mean = ""] = /^(.*?)(?:=([^=]*))?$/.exec(line)!;
      return [evaluator.trim(), toNumber(mean) ?? mean.trim()];
    }),
  );
}
