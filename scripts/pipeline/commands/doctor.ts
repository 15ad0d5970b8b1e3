import type { SupabaseClient } from "@supabase/supabase-js";
import type { OperationError } from "../../../supabase/functions/_shared/errors.ts";
import type { Connection } from "../../project/connection.ts";
import {
  NEEDED_FUNCTIONS,
  OPERATION_FUNCTIONS,
} from "../../project/function_names.ts";
import { callProject } from "../../tool/call_project.ts";
import { type Command, EXIT, type Terminal } from "../command.ts";
import { call, callUntilOver, dataOf, openProject } from "../project_access.ts";
import { callFunction, inspectWorker } from "../call_function.ts";
import {
  checkFunctions,
  checkProject,
  type ProjectCheck,
  type ProjectFacts,
} from "../check_project.ts";
import { readArguments, switches } from "../read_arguments.ts";
import { toVisibleJson } from "../visible_text.ts";

/** What the Data API says of one: https://docs.postgrest.org/en/stable/references/errors.html */
const NO_SUCH_FUNCTION = "PGRST202";

const NO_PIPELINE: ProjectCheck = {
  name: "database",
  isWell: false,
  found: "has no pipeline",
  mend:
    "deno task pipeline add DIR -- or, without a folder of migrations: deno task pipeline add --sql FILE",
};

export const doctor: Command = {
  summary: "Check a project and say how to mend it",
  help: `Usage: deno task pipeline doctor [--json]

Checks extensions, grants, schedule, the last maintenance, the project URL, wakes, the functions and the
key that they work with, how long calls may take, the secrets that endpoints name, and that every endpoint answers one short prompt from within the project.

Exit code: 0 all is well, 3 something is to be mended, 1 the project cannot be reached.

Example:
  deno task pipeline doctor`,
  async run(args, terminal) {
    const { values } = readArguments(args, [], switches("json"));
    const { client, connection } = openProject(terminal);
    const functions = Object.fromEntries(
      await Promise.all(
        [...NEEDED_FUNCTIONS, ...OPERATION_FUNCTIONS].map(async (name) => {
          const { answer } = await callFunction(name, connection, {
            method: "POST",
            body: "{}",
          }, terminal.fetch);
          return [name, answer];
        }),
      ),
    );
    // It tells a new project its URL, which is looked at below.
    const worker = await inspectWorker(connection, terminal.fetch);
    const inspected = await client.rpc("pipeline_inspect_project");
    if (inspected.error?.code === NO_SUCH_FUNCTION) {
      return tell(
        [NO_PIPELINE, checkFunctions(functions)],
        values.json,
        terminal,
      );
    }
    const facts = dataOf("inspect the project", inspected) as Omit<
      ProjectFacts,
      "functions" | "worker" | "missingSecrets" | "timeouts" | "endpoints"
    >;
    const endpoints = dataOf(
      "read the endpoints",
      // Nobody can mend those that are retired, or that a run's URL has made.
      await client.from("model_endpoints").select(
        "name, url, headers, timeout_seconds",
      )
        .eq("retired", false).eq("made_for_url", false).order("name"),
    );
    const checks = checkProject({
      ...facts,
      functions,
      worker,
      timeouts: Object.fromEntries(
        endpoints.map(({ name, timeout_seconds }) => [name, timeout_seconds]),
      ),
      missingSecrets: await findMissingSecrets(client, endpoints),
      endpoints: Object.fromEntries(
        await Promise.all(endpoints.map(async ({ name, url }) => {
          // It would wait for a worker that nobody wakes.
          const problem = facts.projectUrl === null
            ? "not asked, as there is no project URL"
            : await callEndpoint(name, client, connection, terminal.fetch);
          return [name, problem && `${problem} (its URL is ${url})`];
        })),
      ),
    }, connection.url);
    return tell(checks, values.json, terminal);
  },
};

function tell(
  checks: ProjectCheck[],
  asJson: boolean | undefined,
  terminal: Terminal,
): number {
  if (asJson) terminal.print(toVisibleJson(checks));
  else {
    for (const { name, isWell, found, mend } of checks) {
      terminal.print(`${isWell ? "ok  " : "MEND"}  ${name}: ${found}`);
      if (!isWell) terminal.print(`      ${mend}`);
    }
  }
  return checks.every(({ isWell }) => isWell)
    ? EXIT.done
    : EXIT.somethingFailed;
}

/** Null, or why the endpoint gives the project no answer. */
async function callEndpoint(
  endpoint: string,
  client: SupabaseClient,
  { url, secretKey }: Connection,
  fetch: typeof globalThis.fetch,
): Promise<string | null> {
  try {
    const { errors, runId, status } = await callProject(
      { url, key: secretKey },
      {
        operation: "execute_batch",
        prompts: ["Say yes."],
        endpoint,
        requestOptions: { retries: 0 },
      },
      fetch,
    ) as {
      errors: OperationError[];
      runId?: number;
      status?: string;
    };
    if (runId !== undefined) await removeRun(client, runId, status);
    return errors[0]?.message ?? null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Calls of stored endpoints are runs: a check leaves none behind, such as one that a 404 has paused. */
async function removeRun(
  client: SupabaseClient,
  run_id: number,
  status: string | undefined,
): Promise<void> {
  if (status !== "completed" && status !== "failed") {
    await call(client, "cancel the check's run", "cancel_pipeline_run", {
      run_id,
    });
  }
  await callUntilOver(client, "delete the check's run", "delete_pipeline_run", {
    run_id,
  });
}

async function findMissingSecrets(
  client: ReturnType<typeof openProject>["client"],
  endpoints: { headers: unknown }[],
): Promise<string[]> {
  const names = new Set(
    endpoints.flatMap(({ headers }) =>
      [...JSON.stringify(headers).matchAll(/\{\{\s*secret:([\w.-]+)\s*\}\}/g)]
        .map(([, name]) => name)
    ),
  );
  const missing: string[] = [];
  for (const name of names) {
    const value = await call<string | null>(
      client,
      `read secret ${name}`,
      "pipeline_read_secret",
      { name },
    );
    if (value === null) missing.push(name);
  }
  return missing;
}
