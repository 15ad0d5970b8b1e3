import { type Draft, readEvaluators, withoutBlanks } from "./draft.ts";
import { readNumber } from "./prompts.ts";
import { readTableSource } from "./table_source.ts";

/**
 * The row that the query of an address would write.
 *
 * @throws Error evaluators look like JSON and are none
 */
export function readWatchDraft(query: Record<string, string>): Draft {
  const { after: _, ...source } = readTableSource(query);
  return {
    table: "pipeline_watches",
    row: withoutBlanks({
      name: query.name,
      source: withoutBlanks({ ...source, settle: query.settle }),
      evaluators: readEvaluators(query.evaluators),
      options: withoutBlanks({
        context: query.context,
        redact: query.redact ? true : undefined,
      }),
      sample: readNumber(query.sample),
      max_cost_per_day: readNumber(query.max_cost),
      max_answers_per_day: readNumber(query.max_answers),
      window_turns: readNumber(query.window_turns),
      approved: readApproved(query.approved),
    }),
  };
}

/** A line each of an evaluator and its mean, `rouge-l = 0.42`; for the project to refuse if it is no number. */
function readApproved(text = ""): Record<string, unknown> {
  return Object.fromEntries(
    text.split("\n").filter((line) => line.trim() !== "").map((line) => {
      const [, evaluator, mean = ""] = /^(.*?)(?:=([^=]*))?$/.exec(line)!;
      return [evaluator.trim(), readNumber(mean) ?? mean.trim()];
    }),
  );
}
