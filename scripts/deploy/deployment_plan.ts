/** One command of a deployment. */
export interface DeploymentStep {
  /** What it is for. */
  purpose: string;
  command: string;
  args: string[];
}

/** What is to be deployed where. */
export interface Deployment {
  /** The 20 letters in the address of the project. */
  projectRef: string;
  /** Seconds that a worker goes on claiming; absent: 50, which every plan allows. */
  workerSeconds?: number;
}

const CLI = ["-y", "supabase@3.1.0"];

/**
 * The commands that bring this folder into a hosted project: migrations, functions (bundled by the
 * platform, so that no Docker is needed), and the URL by which the database wakes them.
 *
 * @throws {TypeError} the project or the seconds cannot be right
 */
export function planDeployment(
  { projectRef, workerSeconds }: Deployment,
): DeploymentStep[] {
  if (!/^[a-z]{20}$/.test(projectRef)) {
    throw new TypeError(
      `Cannot deploy to "${projectRef}": give the project's reference, 20 letters, as in https://abcdefghijklmnopqrst.supabase.co`,
    );
  }
  if (
    workerSeconds !== undefined && !(workerSeconds >= 5 && workerSeconds <= 390)
  ) {
    throw new TypeError(
      `Cannot use --worker-seconds ${workerSeconds}: give 5 to 390; 140 suits paid plans`,
    );
  }
  const remote = `--remote=${projectRef}`;
  const supabase = (purpose: string, ...args: string[]) => ({
    purpose,
    command: "npx",
    args: [...CLI, ...args, remote],
  });
  return [
    supabase("Apply the migrations", "db", "push"),
    supabase("Deploy the functions", "functions", "deploy", "--use-api"),
    ...workerSeconds === undefined ? [] : [
      supabase(
        "Let workers go on for longer",
        "secrets",
        "set",
        `WORKER_SECONDS=${workerSeconds}`,
      ),
    ],
    supabase(
      "Tell the database where its functions are",
      "db",
      "query",
      `select pipeline_set_secret('project_url', 'https://${projectRef}.supabase.co')`,
    ),
  ];
}

/** A command as one would type it. */
export function toCommandLine({ command, args }: DeploymentStep): string {
  return [command, ...args].map((word) =>
    /^[\w@.=:/-]+$/.test(word) ? word : `"${word}"`
  ).join(" ");
}

/**
 * Runs the Supabase CLI against a project, asking nothing.
 *
 * @returns its standard output
 * @throws {Error} with all that it said, when it fails
 */
export async function runCli(
  projectRef: string,
  args: string[],
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("npx", {
    args: [...CLI, ...args, `--remote=${projectRef}`],
    env: { SUPABASE_YES: "true" },
    stdin: "null",
  }).output();
  const [output, complaints] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes).trim()
  );
  if (success) return output;
  throw new Error(`${args.join(" ")}: ${complaints || output}`);
}
