import { hidePassword } from "./hide_password.ts";
import { sessionUrl } from "./session_url.ts";
import { SUPABASE_CLI } from "../moving_in/supabase_cli.ts";
import {
  NEEDED_FUNCTIONS,
  OPERATION_FUNCTIONS,
} from "../project/function_names.ts";

/** One command of a deployment. */
export interface DeploymentStep {
  /** What it is for. */
  purpose: string;
  command: string;
  args: string[];
}

/** Where a hosted project is. */
export interface Target {
  /** The 20 letters in the address of the project. */
  projectRef: string;
  /** How its database is reached: by the reference, or by the URL that was given. */
  database: string;
}

/** What is to be deployed where. */
export interface Deployment {
  target: Target;
  /** Seconds that a worker goes on claiming; absent: 50, which every plan allows. */
  workerSeconds?: number;
}

/**
 * Reads a project's reference, or the URL of its database: of a pooler, where the network has no IPv6,
 * whose user is `postgres.<reference>`, or of the server itself
 * (https://supabase.com/docs/guides/database/connecting-to-postgres).
 *
 * @throws {TypeError} it is neither
 */
export function readTarget(text: string): Target {
  if (/^[a-z]{20}$/.test(text)) return { projectRef: text, database: text };
  const [, pooled, direct] =
    /^postgres(?:ql)?:\/\/[^/@]*?(?:\.([a-z]{20})(?::[^@]*)?@|@db\.([a-z]{20})\.supabase\.co)/
      .exec(text) ?? [];
  const projectRef = pooled ?? direct;
  if (projectRef) return { projectRef, database: sessionUrl(text) };
  throw new TypeError(
    `Cannot deploy to "${
      hidePassword(text)
    }": give the project's reference, 20 letters, as in https://abcdefghijklmnopqrst.supabase.co, or the pooler's URL, as under Connect in the dashboard`,
  );
}

/**
 * A project as commands to be typed may show it, without its password; what is not known is to be
 * filled in.
 */
export function showTarget(text = "PROJECT_REF"): Target {
  const database = hidePassword(text);
  try {
    return { ...readTarget(text), database };
  } catch {
    return { projectRef: "PROJECT_REF", database };
  }
}

/**
 * The commands that bring this folder into a hosted project: migrations, functions (bundled by the
 * platform, so that no Docker is needed; by their names, so that others of the folder stay here), and the
 * URL by which the database wakes them.
 *
 * @throws {TypeError} the seconds cannot be right
 */
export function planDeployment(
  { target: { projectRef, database }, workerSeconds }: Deployment,
): DeploymentStep[] {
  if (
    workerSeconds !== undefined && !(workerSeconds >= 5 && workerSeconds <= 390)
  ) {
    throw new TypeError(
      `Cannot use --worker-seconds ${workerSeconds}: give 5 to 390; 140 suits paid plans`,
    );
  }
  const step = (purpose: string, remote: string, ...args: string[]) => ({
    purpose,
    command: "npx",
    args: [...SUPABASE_CLI, ...args, `--remote=${remote}`],
  });
  return [
    step("Apply the migrations", database, "db", "push"),
    step(
      "Deploy the functions",
      projectRef,
      "functions",
      "deploy",
      ...NEEDED_FUNCTIONS,
      ...OPERATION_FUNCTIONS,
      "--use-api",
    ),
    ...workerSeconds === undefined ? [] : [
      step(
        "Let workers go on for longer",
        projectRef,
        "secrets",
        "set",
        `WORKER_SECONDS=${workerSeconds}`,
      ),
    ],
    step(
      "Tell the database where its functions are",
      database,
      "db",
      "query",
      `select pipeline_set_secret('project_url', 'https://${projectRef}.supabase.co')`,
    ),
  ];
}

/** A command as one would type it, but for the password in a URL. */
export function toCommandLine({ command, args }: DeploymentStep): string {
  return [command, ...args].map(hidePassword).map((word) =>
    /^[\w@.=:/-]+$/.test(word) ? word : `"${word}"`
  ).join(" ");
}
