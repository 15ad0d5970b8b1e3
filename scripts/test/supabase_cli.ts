import { SUPABASE_CLI } from "../moving_in/supabase_cli.ts";
import { type ProgramAnswer, runPackage } from "./run_program.ts";

const [, cli] = SUPABASE_CLI;

/**
 * Runs the official CLI on this project against a database or a Management API of
 * this machine, which needs neither Docker nor an account.
 *
 * @param args for example ["db", "push"]
 * @param remote a database's URL or a project's reference
 */
export function runSupabaseCli(
  args: string[],
  remote: string,
  env: Record<string, string> = {},
): Promise<ProgramAnswer> {
  return runPackage(cli, [...args, "--yes", `--remote=${remote}`], {
    // Or the CLI would complain about the missing TLS amid its output.
    PGSSLMODE: "disable",
    ...env,
  });
}

/**
 * What the CLI would write to make one database like another, as SQL; empty: they are the same. Tables,
 * functions, views, policies, grants and comments count, rows do not.
 *
 * @throws Error with what the CLI said when it cannot compare all of them
 */
export async function diffDatabases(from: string, to: string): Promise<string> {
  const { success, output, everything } = await runPackage(
    cli,
    [
      "db",
      "diff",
      "--use-pg-delta",
      "--strict-coverage",
      "--from",
      from,
      "--to",
      to,
    ],
    { PGSSLMODE: "disable" },
  );
  if (!success) throw new Error(`Cannot compare databases: ${everything}`);
  return output.trim();
}
