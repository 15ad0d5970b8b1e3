import type { OperationError } from "../../../supabase/functions/_shared/errors.ts";
import type { Connection } from "../../project/connection.ts";
import { callProject } from "../../tool/call_project.ts";
import { type Command, EXIT } from "../command.ts";
import { dataOf, openProject } from "../project_access.ts";
import { checkProject, type ProjectFacts } from "../check_project.ts";
import { readArguments } from "../read_arguments.ts";
import { toVisibleJson } from "../visible_text.ts";

const FUNCTIONS = [
  "pipeline-worker",
  "pipeline-evaluator",
  "extract-prompts",
  "execute-batch",
  "store-results",
  "evaluate-results",
  "run-pipeline",
  "prompt-pipeline",
];

export const doctor: Command = {
  summary: "Check a project and say how to mend it",
  help: `Usage: deno task pipeline doctor [--json]

Checks extensions, grants, schedule, the last maintenance, the project URL, the functions, the secrets that
endpoints name, and that every endpoint answers one short prompt from within the project.

Exit code: 0 all is well, 3 something is to be mended, 1 the project cannot be reached.

Example:
  deno task pipeline doctor`,
  async run(args, terminal) {
    const { values } = readArguments(args, [], { json: { type: "boolean" } });
    const { client, connection } = openProject(terminal);
    const facts = dataOf(
      "inspect the project",
      await client.rpc("pipeline_inspect_project"),
    ) as Omit<ProjectFacts, "functions" | "missingSecrets" | "endpoints">;
    const endpoints = dataOf(
      "read the endpoints",
      await client.from("model_endpoints").select("name, headers")
        .order("name"),
    );
    const functions = Object.fromEntries(
      await Promise.all(FUNCTIONS.map(async (name) => {
        const response = await terminal.fetch(
          `${connection.url}/functions/v1/${name}`,
          { method: "POST", body: "{}" },
        );
        await response.body?.cancel();
        return [name, response.status];
      })),
    );
    const checks = checkProject({
      ...facts,
      functions,
      missingSecrets: await findMissingSecrets(client, endpoints),
      endpoints: Object.fromEntries(
        await Promise.all(endpoints.map(async ({ name }) => [
          name,
          await callEndpoint(name, connection, terminal.fetch),
        ])),
      ),
    }, connection.url);
    if (values.json) terminal.print(toVisibleJson(checks));
    else {
      for (const { name, isWell, found, mend } of checks) {
        terminal.print(`${isWell ? "ok  " : "MEND"}  ${name}: ${found}`);
        if (!isWell) terminal.print(`      ${mend}`);
      }
    }
    return checks.every(({ isWell }) => isWell)
      ? EXIT.done
      : EXIT.somethingFailed;
  },
};

/** Null, or why the endpoint gives the project no answer. */
async function callEndpoint(
  endpoint: string,
  { url, secretKey }: Connection,
  fetch: typeof globalThis.fetch,
): Promise<string | null> {
  try {
    const { errors } = await callProject({ url, key: secretKey }, {
      operation: "execute_batch",
      prompts: ["Say yes."],
      endpoint,
      requestOptions: { retries: 0 },
    }, fetch) as { errors: OperationError[] };
    return errors[0]?.message ?? null;
  } catch (error) {
    return (error as Error).message;
  }
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
    const { data, error } = await client.rpc("pipeline_read_secret", { name });
    if (error) throw new Error(`Cannot read secret ${name}: ${error.message}`);
    if (data === null) missing.push(name);
  }
  return missing;
}
