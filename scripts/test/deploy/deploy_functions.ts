import { join } from "node:path";
import type { ProgramAnswer } from "../run_program.ts";
import { runSupabaseCli } from "../supabase_cli.ts";

/** The form of a project's reference and of an access token; neither exists. */
const project = "a".repeat(20);
const accessToken = `sbp_${"0".repeat(40)}`;

/**
 * Lets the official CLI deploy every function, bundled by the server, to a
 * Management API other than Supabase's.
 *
 * @param folder takes the CLI's profile
 * @param apiUrl the origin of the Management API
 */
export async function deployFunctions(
  folder: string,
  apiUrl: string,
): Promise<ProgramAnswer> {
  const profile = join(folder, "profile.yaml");
  await Deno.writeTextFile(
    profile,
    `name: stand-in
api_url: ${apiUrl}
dashboard_url: ${apiUrl}
project_host: project.localhost
`,
  );
  return await runSupabaseCli(
    ["functions", "deploy", "--use-api", `--profile=${profile}`],
    project,
    { SUPABASE_ACCESS_TOKEN: accessToken },
  );
}
