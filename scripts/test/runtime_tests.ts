import { glob } from "node:fs/promises";
import { checkout } from "../local/checkout.ts";
import { startModelSimulator } from "../local/model_simulator.ts";
import { runDenoTests } from "./deno_tests.ts";
import {
  findHostedDeno,
  hostedDenoEnv,
  hostedDenoFlags,
} from "./hosted_deno.ts";
import { addResults, type PartResult } from "./part_result.ts";

/**
 * Checks the types of the functions and runs their unit tests with the Deno that
 * hosted Supabase has.
 *
 * The simulated model runs here, in the newer Deno: the node:http of the older
 * one cannot break a connection, so that a test of that would wait for ever.
 *
 * @param filter part of a test's name; other tests are left out
 */
export async function runRuntimeTests(filter?: string): Promise<PartResult> {
  const deno = await findHostedDeno();
  const simulator = await startModelSimulator();
  try {
    return addResults([
      await checkTypes(deno),
      await runDenoTests(["supabase/functions"], {
        filter,
        deno,
        flags: hostedDenoFlags,
        env: hostedDenoEnv,
        args: [`--simulator=${simulator.url}`],
      }),
    ]);
  } finally {
    await simulator.stop();
  }
}

async function checkTypes(deno: string): Promise<PartResult> {
  const entries = await Array.fromAsync(
    glob("supabase/functions/*/index.ts", { cwd: checkout }),
  );
  const { success } = await new Deno.Command(deno, {
    args: ["check", ...hostedDenoFlags, ...entries],
    cwd: checkout,
    env: hostedDenoEnv,
    stdout: "inherit",
    stderr: "inherit",
  }).spawn().status;
  return success
    ? { passed: 1, failures: [] }
    : { passed: 0, failures: ["the functions' types with the hosted Deno"] };
}
