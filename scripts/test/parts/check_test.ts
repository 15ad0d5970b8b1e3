// Format, lint and types, those of the functions also with the Deno of hosted Supabase.

import { assert } from "@std/assert";
import { glob } from "node:fs/promises";
import { checkout } from "../../local/checkout.ts";
import {
  findHostedDeno,
  hostedDenoEnv,
  hostedDenoFlags,
} from "../hosted_deno.ts";
import { runProgram } from "../run_program.ts";

/** Fails with what the command said. */
async function expectSuccess(
  deno: string,
  args: string[],
  env?: Record<string, string>,
): Promise<void> {
  const { success, everything } = await runProgram(deno, args, env);
  assert(success, `\n${everything}`);
}

for (
  const args of [["fmt", "--check"], ["lint"], ["check", "scripts", "supabase"]]
) {
  Deno.test(`deno ${args.join(" ")}`, () =>
    expectSuccess(Deno.execPath(), args));
}

Deno.test("deno check of the functions with the Deno of hosted Supabase", async () => {
  const entries = await Array.fromAsync(
    glob("supabase/functions/*/index.ts", { cwd: checkout }),
  );
  await expectSuccess(
    await findHostedDeno(),
    ["check", ...hostedDenoFlags, ...entries],
    hostedDenoEnv,
  );
});
