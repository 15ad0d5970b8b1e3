import { checkout } from "../local/checkout.ts";
import type { PartResult } from "./part_result.ts";

const checks = [
  ["fmt", "--check"],
  ["lint"],
  ["check", "scripts", "supabase"],
];

/** Checks format, lint and types; each counts as one test. */
export async function runChecks(): Promise<PartResult> {
  const result: PartResult = { passed: 0, failures: [] };
  for (const args of checks) {
    const { success } = await new Deno.Command(Deno.execPath(), {
      args,
      cwd: checkout,
      stdout: "inherit",
      stderr: "inherit",
    }).spawn().status;
    if (success) result.passed++;
    else result.failures.push(`deno ${args.join(" ")}`);
  }
  return result;
}
