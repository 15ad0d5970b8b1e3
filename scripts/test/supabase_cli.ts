import { checkout } from "../local/checkout.ts";

/** Pinned: its output is committed and compared. */
const cli = "supabase@3.1.0";

/** What a command of the Supabase CLI said. */
export interface CliAnswer {
  success: boolean;
  /** Standard output. */
  output: string;
  /** Both outputs, for a person who wants to know why it failed. */
  everything: string;
}

/**
 * Runs the official CLI on this project against a database or a Management API of
 * this machine, which needs neither Docker nor an account.
 *
 * @param args for example ["db", "push"]
 * @param remote a database's URL or a project's reference
 */
export async function runSupabaseCli(
  args: string[],
  remote: string,
  env: Record<string, string> = {},
): Promise<CliAnswer> {
  const npx = Deno.build.os === "windows" ? "npx.cmd" : "npx";
  const { success, stdout, stderr } = await new Deno.Command(npx, {
    args: ["-y", cli, ...args, "--yes", `--remote=${remote}`],
    cwd: checkout,
    stdin: "null",
    // Or the CLI would complain about the missing TLS amid its output.
    env: { PGSSLMODE: "disable", ...env },
  }).output();
  const [output, complaints] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  return { success, output, everything: `${output}\n${complaints}`.trim() };
}
