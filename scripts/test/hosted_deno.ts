import { runPackage } from "./run_program.ts";

/**
 * What supabase/edge-runtime is compatible with, and so the API that functions
 * may use on hosted Supabase: https://github.com/supabase/edge-runtime/issues/713
 */
const version = "2.1.4";

/**
 * Options of every command with that Deno: it cannot read the lock file of newer
 * ones, and its own import map is all that a function gets there.
 */
export const hostedDenoFlags: string[] = [
  "--no-lock",
  "--node-modules-dir=none",
  "--config=supabase/functions/deno.json",
];

/** Without the store of the system it knows no certificate authority of a company's proxy. */
export const hostedDenoEnv: Record<string, string> = {
  DENO_TLS_CA_STORE: Deno.env.get("DENO_TLS_CA_STORE") ?? "system,mozilla",
};

/**
 * Finds the executable of the Deno that hosted Supabase runs functions with,
 * downloading it by npm the first time.
 *
 * @throws Error with what npx said when it cannot be had
 */
export async function findHostedDeno(): Promise<string> {
  const { success, output, everything } = await runPackage(
    `deno@${version}`,
    ["eval", "--no-lock", "--no-config", "console.log(Deno.execPath())"],
  );
  if (success) return output.trim();
  throw new Error(`Cannot start Deno ${version}: ${everything}`);
}
