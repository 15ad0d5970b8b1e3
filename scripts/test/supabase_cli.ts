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
 * Runs the official CLI on this project against a database of this machine, which
 * needs neither Docker nor an account.
 *
 * @param args for example ["db", "push"]
 */
export async function runSupabaseCli(
  args: string[],
  databaseUrl: string,
): Promise<CliAnswer> {
  const npx = Deno.build.os === "windows" ? "npx.cmd" : "npx";
  const { success, stdout, stderr } = await new Deno.Command(npx, {
    args: ["-y", cli, ...args, "--yes", `--remote=${databaseUrl}`],
    cwd: checkout,
    stdin: "null",
    // Or the CLI would complain about the missing TLS amid its output.
    env: { PGSSLMODE: "disable" },
  }).output();
  const [output, complaints] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  return { success, output, everything: `${output}\n${complaints}`.trim() };
}
