import { checkout } from "../local/checkout.ts";

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
  const npx = Deno.build.os === "windows" ? "npx.cmd" : "npx";
  const { success, stdout, stderr } = await new Deno.Command(npx, {
    args: [
      "-y",
      `deno@${version}`,
      "eval",
      "--no-lock",
      "--no-config",
      "console.log(Deno.execPath())",
    ],
    cwd: checkout,
    stdin: "null",
  }).output();
  const [path, complaint] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes).trim()
  );
  if (success) return path;
  throw new Error(`Cannot start Deno ${version}: ${complaint}`);
}
