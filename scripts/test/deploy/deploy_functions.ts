import { join } from "node:path";
import { planDeployment } from "../../deploy/deployment_plan.ts";
import { type ProgramAnswer, runProgram } from "../run_program.ts";
import { runSupabaseCli } from "../supabase_cli.ts";

/** The form of a project's reference and of an access token; neither exists. */
export const project = "a".repeat(20);
const accessToken = `sbp_${"0".repeat(40)}`;

/**
 * Lets the official CLI deploy every function, bundled by the server, to a
 * Management API other than Supabase's.
 *
 * @param folder takes the CLI's profile
 * @param apiUrl the origin of the Management API
 * @param args names, and options, of `supabase functions deploy`
 */
export async function deployFunctions(
  folder: string,
  apiUrl: string,
  args: string[] = [],
): Promise<ProgramAnswer> {
  const profile = await writeProfile(folder, apiUrl);
  return await runSupabaseCli(
    ["functions", "deploy", ...args, "--use-api", profile],
    project,
    { SUPABASE_ACCESS_TOKEN: accessToken },
  );
}

/**
 * Runs the commands of a deployment one after another, as `deno task deploy`
 * does, against that API.
 *
 * @returns what each said
 */
export async function runDeployment(
  folder: string,
  apiUrl: string,
): Promise<ProgramAnswer[]> {
  const profile = await writeProfile(folder, apiUrl);
  const said: ProgramAnswer[] = [];
  for (
    const { command, args } of planDeployment({
      target: { projectRef: project, database: project },
    })
  ) {
    said.push(
      await runProgram(command, [...args, profile], {
        SUPABASE_ACCESS_TOKEN: accessToken,
        SUPABASE_YES: "true",
      }),
    );
  }
  return said;
}

/** The option that sends the CLI to another API. */
async function writeProfile(folder: string, apiUrl: string): Promise<string> {
  const path = join(folder, "profile.yaml");
  await Deno.writeTextFile(
    path,
    `name: stand-in
api_url: ${apiUrl}
dashboard_url: ${apiUrl}
project_host: project.localhost
`,
  );
  return `--profile=${path}`;
}
