/**
 * What pgTAP holds against a file: its failed assertions, each with its
 * diagnosis, and a plan that was not kept.
 *
 * @param output each value that a statement of the file returned
 */
export function findTapFailures(output: string[]): string[] {
  const failures = output.filter((value) => /^not ok \d/.test(value));
  const ran = output.filter((value) => /^(not )?ok \d/.test(value)).length;
  const plan = output.find((value) => /^1\.\.\d+$/.test(value));
  if (plan !== `1..${ran}`) {
    failures.push(`${ran} assertions ran, planned were ${plan ?? "none"}`);
  }
  return failures;
}
