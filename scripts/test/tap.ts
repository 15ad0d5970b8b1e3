import { Parser } from "tap-parser";
import type { PartResult } from "./part_result.ts";

/**
 * Counts the tests of one file from the output of pgTAP.
 *
 * @param file named in the failures
 * @param output each value that a statement of the file returned
 * @param error what ended the file before its end
 */
export function countTap(
  file: string,
  output: string[],
  error?: string,
): PartResult {
  let passed = 0;
  const failures: string[] = [];
  const parser = new Parser();
  parser.on("complete", (results) => {
    passed = results.pass;
    for (const failure of results.failures) {
      // A failure without a test is one of the plan: too few tests, no plan.
      failures.push(
        failure.tapError
          ? `${file}: ${failure.tapError}`
          : `${file}: ${reasonFor(output, failure.id!)}`,
      );
    }
    // pgTAP says nothing of tests that never ran when the file is cut short.
    if (error === undefined && results.count === 0 && failures.length === 0) {
      failures.push(`${file}: no test ran`);
    }
  });
  parser.end(output.join("\n") + "\n");
  if (error !== undefined) {
    return { passed, failures: [...failures, `${file}: ${error}`] };
  }
  return { passed, failures };
}

/** pgTAP gives a failed test and its diagnosis as one value. */
function reasonFor(output: string[], id: number): string {
  const lines = output.find((value) =>
    new RegExp(`^not ok ${id}\\b`).test(value)
  );
  return (lines ?? `test ${id}`).split("\n").join("\n  ");
}
