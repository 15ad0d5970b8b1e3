import { createModelCaller } from "../../../supabase/functions/_shared/model/call_model.ts";
import {
  longestCall,
  type WorkerFacts,
} from "../../../supabase/functions/_shared/worker_facts.ts";
import { inspectWorker } from "../call_function.ts";
import { type Command, EXIT, type Terminal, WrongUsage } from "../command.ts";
import { drawTable } from "../draw_table.ts";
import { dataOf, openProject } from "../project_access.ts";
import { readArguments, toHeaders, toNumber } from "../read_arguments.ts";

export const endpoint: Command = {
  summary: "Add, list and test model endpoints",
  help: `Usage: deno task pipeline endpoint add NAME URL [options]
       deno task pipeline endpoint list [--json]
       deno task pipeline endpoint test NAME [PROMPT]

add makes the row, or changes it when there is one of that name. Keys are written
{{secret:NAME}}: store them with secret set. test sends one prompt from this machine and shows the
request, the response and what was read from it.

Options of add:
  --model NAME, --format NAME
  --header 'Name: value'   may be given several times
  --timeout SECONDS        limit of one call (default 60); one that may outlive its isolate is warned of
  --max-concurrency N, --requests-per-minute N, --tokens-per-minute N
  --input-cost USD, --output-cost USD    per million tokens
  --open-to-users          signed-in users may run it

Exit code: 0 done, 3 the endpoint did not answer, 1 refused, 2 wrong usage.

Examples:
  deno task pipeline endpoint add openai https://api.openai.com/v1 --model gpt-5-mini --header 'Authorization: Bearer {{secret:OPENAI_API_KEY}}'
  deno task pipeline endpoint test openai 'Say yes.'`,
  run([action, ...args], terminal) {
    if (action === "add") return add(args, terminal);
    if (action === "list") return list(args, terminal);
    if (action === "test") return test(args, terminal);
    throw new WrongUsage("Give add, list or test");
  },
};

async function add(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(args, ["NAME", "URL"], {
    model: { type: "string" },
    format: { type: "string" },
    header: { type: "string", multiple: true },
    timeout: { type: "string" },
    "max-concurrency": { type: "string" },
    "requests-per-minute": { type: "string" },
    "tokens-per-minute": { type: "string" },
    "input-cost": { type: "string" },
    "cached-input-cost": { type: "string" },
    "cache-write-cost": { type: "string" },
    "output-cost": { type: "string" },
    "reasoning-cost": { type: "string" },
    "max-output-tokens": { type: "string" },
    "open-to-users": { type: "boolean" },
  });
  const number = (name: keyof typeof values) =>
    toNumber(name, values[name] as string | undefined);
  const { client, connection } = openProject(terminal);
  const timeout = number("timeout") ?? 60;
  dataOf(
    "add the endpoint",
    await client.from("model_endpoints").upsert({
      name: positionals[0],
      url: positionals[1],
      model: values.model,
      format: values.format,
      headers: toHeaders(values.header),
      timeout_seconds: timeout,
      max_concurrency: number("max-concurrency"),
      requests_per_minute: number("requests-per-minute"),
      tokens_per_minute: number("tokens-per-minute"),
      input_cost: number("input-cost"),
      cached_input_cost: number("cached-input-cost"),
      cache_write_cost: number("cache-write-cost"),
      output_cost: number("output-cost"),
      reasoning_cost: number("reasoning-cost"),
      max_output_tokens: number("max-output-tokens"),
      open_to_users: values["open-to-users"] ?? false,
    }),
  );
  const worker = await inspectWorker(connection, terminal.fetch);
  const most = "key" in worker ? longestCall(worker.workerSeconds) : Infinity;
  if (timeout > most) {
    terminal.complain(
      `A call of ${timeout} s may outlive its isolate, and is paid again: ${most} s are sure with WORKER_SECONDS=${
        (worker as WorkerFacts).workerSeconds
      }. Paid plans have 220 s with 140`,
    );
  }
  terminal.print(
    `Endpoint ${
      positionals[0]
    } is stored. Try it: deno task pipeline endpoint test ${positionals[0]}`,
  );
  return EXIT.done;
}

async function list(args: string[], terminal: Terminal): Promise<number> {
  const { values } = readArguments(args, [], { json: { type: "boolean" } });
  const rows = dataOf(
    "list the endpoints",
    await openProject(terminal).client.from("model_endpoints").select()
      .order("name"),
  );
  terminal.print(
    values.json ? JSON.stringify(rows) : drawTable(rows, [
      "name",
      "url",
      "format",
      "model",
      "max_concurrency",
      "requests_per_minute",
      "input_cost",
      "output_cost",
      "open_to_users",
    ]),
  );
  return EXIT.done;
}

async function test(args: string[], terminal: Terminal): Promise<number> {
  const { positionals } = readArguments(args, ["NAME", "PROMPT?"], {});
  const [name, prompt = "Say yes."] = positionals;
  const { services } = openProject(terminal);
  const found = await services.project!.readEndpoint(name, services.caller);
  if (!found) throw new WrongUsage(`Cannot find endpoint "${name}"`);
  const caller = createModelCaller(found, {
    ...services.model,
    fetch: (input, init) => {
      terminal.print(`Request: POST ${input}`);
      // As they stand in the row: a key is never shown.
      terminal.print(`Headers: ${JSON.stringify(found.headers)}`);
      terminal.print(`Body: ${init?.body}`);
      return terminal.fetch(input, init);
    },
  });
  const result = await caller.call({ prompt, parameters: {}, keepBody: true });
  const { body, ...read } = result;
  if (body !== undefined) terminal.print(`Response: ${JSON.stringify(body)}`);
  terminal.print(`Read: ${JSON.stringify(read, null, 2)}`);
  return result.ok ? EXIT.done : EXIT.somethingFailed;
}
