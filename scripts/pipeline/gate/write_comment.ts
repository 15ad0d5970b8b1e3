import { formatChange, formatInterval } from "../format_values.ts";
import { describeFailed } from "./describe_gate.ts";
import type { GateAnswer, GatedEvaluator, Verdict } from "./gate_answer.ts";
import { toCode } from "./to_code.ts";

/** GitHub refuses a comment of more than 65,536 characters with 422; the rest is for who posts it. */
const MOST_CHARACTERS = 60_000;

const OUTCOMES: Record<Verdict, string> = {
  worse: "❌ worse than the margin",
  regression: "❌ regression",
  undecided: "❔ undecided",
  pass: "✅ pass",
};

/** What a gate says as Markdown, for a comment on a pull request or a job's summary. */
export function writeComment(answer: GateAnswer): string {
  const { verdict, baseline, candidate, approvedAs, evaluators } = answer;
  const text = [
    `### Gate: ${OUTCOMES[verdict]}`,
    `${toCode(candidate)} against ${toCode(baseline)}${
      approvedAs === null ? "" : `, approved as ${toCode(approvedAs)}`
    }`,
    [
      "| evaluator | verdict | prompts | before | now | difference | 95 % interval | newly failed |",
      "| --- | --- | ---: | ---: | ---: | ---: | --- | ---: |",
      ...evaluators.map(writeRow),
    ].join("\n"),
    ...evaluators.map(writeReasons),
  ].join("\n\n");
  // What is cut are details of the last evaluators.
  return text.length <= MOST_CHARACTERS
    ? text
    : `${cutAtLine(text)}\n\n… and more: see the job's log.`;
}

function cutAtLine(text: string): string {
  return text.slice(0, text.lastIndexOf("\n", MOST_CHARACTERS));
}

function writeRow(row: GatedEvaluator): string {
  return `| ${
    [
      // A table reads | before it reads code.
      toCode(row.evaluator).replaceAll("|", "\\|"),
      OUTCOMES[row.verdict],
      row.prompts,
      row.baselineMean.toFixed(3),
      row.candidateMean.toFixed(3),
      formatChange(row.difference, 3),
      formatInterval(row.low, row.high, (end) => formatChange(end, 3)),
      row.newlyFailed ?? "",
    ].join(" | ")
  } |`;
}

function writeReasons(
  { evaluator, reasons, failedPrompts }: GatedEvaluator,
): string {
  return [
    `**${toCode(evaluator)}**`,
    "",
    ...reasons.map((reason) => `- ${reason}`),
    ...failedPrompts.map((prompt) => {
      const [asked, answered] = describeFailed(prompt);
      return `  - ${toCode(asked)}<br>${toCode(answered)}`;
    }),
  ].join("\n");
}
