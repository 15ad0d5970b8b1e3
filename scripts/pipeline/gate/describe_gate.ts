import type { FailedPrompt, GateAnswer, Verdict } from "./gate_answer.ts";

const OUTCOMES: Record<Verdict, string> = {
  worse: "worse than the margin",
  regression: "regression",
  undecided: "undecided",
  pass: "passed",
};

/** The outcome in one line, without markup. */
export function nameOutcome(
  { verdict, baseline, candidate, approvedAs }: GateAnswer,
): string {
  const approved = approvedAs === null ? "" : ` (approved as "${approvedAs}")`;
  return `Gate ${
    OUTCOMES[verdict]
  }: "${candidate}" against "${baseline}"${approved}`;
}

/** What a gate says, for a terminal. */
export function describeGate(answer: GateAnswer): string[] {
  return [
    nameOutcome(answer),
    ...answer.evaluators.flatMap(
      ({ evaluator, verdict, reasons, failedPrompts }) => [
        `${evaluator}: ${OUTCOMES[verdict]}`,
        ...reasons.map((reason) => `  ${reason}`),
        ...failedPrompts.flatMap(describeFailed).map((line) => `    ${line}`),
      ],
    ),
  ];
}

/** A prompt that fails, in two lines: what was asked, what came of it. */
export function describeFailed(
  { promptKey, prompt, response, error }: FailedPrompt,
): [string, string] {
  const line = (text: string) => text.replace(/\s+/g, " ").trim();
  return [
    `${promptKey}: ${line(prompt)}`,
    `→ ${line(error ?? response ?? "no answer")}`,
  ];
}
