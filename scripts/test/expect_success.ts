import { assert } from "@std/assert";
import { runProgram } from "./run_program.ts";

/** Fails with what the command said. */
export async function expectSuccess(
  deno: string,
  args: string[],
  env?: Record<string, string>,
): Promise<void> {
  const { success, everything } = await runProgram(deno, args, env);
  assert(success, `\n${everything}`);
}
