/** What one part of the test run found. */
export interface PartResult {
  passed: number;
  /** One entry per failure: what failed, with its reason on further lines. */
  failures: string[];
}

/** The results of several parts as one. */
export function addResults(results: PartResult[]): PartResult {
  return {
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failures: results.flatMap(({ failures }) => failures),
  };
}

/** The last lines of a test run: every failure, then the count. */
export function describeResult({ passed, failures }: PartResult): string {
  const list = failures.map((failure) => `FAILED ${failure}\n`).join("");
  return `\n${list}${passed} passed, ${failures.length} failed`;
}
