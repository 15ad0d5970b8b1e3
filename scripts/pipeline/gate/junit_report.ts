import junit, { type Builder } from "junit-report-builder";
import { describeFailed, nameOutcome } from "./describe_gate.ts";
import type { GateAnswer } from "./gate_answer.ts";

/**
 * JUnit XML with a test case for each evaluator: what is worse is a failure, undecided an error,
 * because a reader that counts only failures and errors must not take it for a pass. A prompt that
 * newly failed where the policy allows it stands in the output of a case that passes.
 */
export function writeJunitReport(answer: GateAnswer): string {
  // Its types are those of an ES module, and its code is CommonJS.
  const builder = (junit as unknown as Builder).newBuilder();
  const suite = builder.testSuite().name(nameOutcome(answer));
  for (
    const { evaluator, verdict, reasons, failedPrompts } of answer.evaluators
  ) {
    const testCase = suite.testCase().className("gate").name(evaluator);
    const message = reasons.join("; ");
    const prompts = failedPrompts.flatMap(describeFailed);
    if (verdict === "pass") {
      testCase.standardOutput([message, ...prompts].join("\n"));
    } else if (verdict === "undecided") {
      testCase.error(message, verdict, prompts.join("\n"));
    } else {
      testCase.failure(message, verdict).stacktrace(prompts.join("\n"));
    }
  }
  return builder.build();
}
