import { execFile } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";
import { hidePassword } from "../deploy/hide_password.ts";
import { sessionUrl } from "../deploy/session_url.ts";
import { PipelineError } from "../../supabase/functions/_shared/errors.ts";

/** Arguments of npx. Pinned: what it prints is read, committed and compared. */
export const SUPABASE_CLI = ["-y", "supabase@3.1.0"];

/**
 * Runs the Supabase CLI against a project, asking nothing.
 *
 * @param remote a project's reference, or the URL of a database
 * @returns its standard output
 * @throws {PipelineError} with all that it said, when it fails
 */
export async function askSupabaseCli(
  remote: string,
  args: string[],
): Promise<string> {
  const npx = process.platform === "win32" ? "npx.cmd" : "npx";
  try {
    const { stdout } = await promisify(execFile)(npx, [
      ...SUPABASE_CLI,
      ...args,
      `--remote=${sessionUrl(remote)}`,
    ], {
      env: { ...process.env, SUPABASE_YES: "true" },
      maxBuffer: 100_000_000,
    });
    return stdout.trim();
  } catch (error) {
    // Its message, as its other properties, repeats the command with the password of a URL.
    const { stderr, stdout, code } = error as {
      stderr?: string;
      stdout?: string;
      code?: string | number;
    };
    throw new PipelineError(
      "unavailable",
      `Cannot ask the project: supabase ${args.slice(0, 2).join(" ")}: ${
        hidePassword(
          stderr?.trim() || stdout?.trim() || `npx ended with ${code}`,
        )
      }`,
    );
  }
}
