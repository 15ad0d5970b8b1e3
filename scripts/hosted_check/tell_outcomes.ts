import type { HostedCheck, HostedProject } from "./hosted_project.ts";

const MARKS = { true: "ok     ", false: "LOOK   ", null: "not yet" };

/**
 * Makes one check after another and tells of each; one that fails does not stop the others.
 *
 * @returns the exit code: 0, or 3 when something is not as expected
 */
export async function tellOutcomes(
  checks: HostedCheck[],
  project: HostedProject,
  print: (line: string) => void,
): Promise<number> {
  let code = 0;
  for (const { name, run } of checks) {
    const { isAsExpected, words } = await run(project).catch((error) => ({
      isAsExpected: false,
      words: (error as Error).message,
    }));
    print(`${MARKS[`${isAsExpected}`]}  ${name}\n         ${words}`);
    if (isAsExpected === false) code = 3;
  }
  return code;
}
