import { PipelineError } from "../../../supabase/functions/_shared/errors.ts";
import { createModelCaller } from "../../../supabase/functions/_shared/model/call_model.ts";
import { guessFormat } from "../../../supabase/functions/_shared/model/formats/choose_format.ts";
import { MODEL_FORMAT_NAMES } from "../../../supabase/functions/_shared/model/formats/known_formats.ts";
import { longestCall } from "../../../supabase/functions/_shared/worker_facts.ts";
import { inspectWorker } from "../call_function.ts";
import { type Command, EXIT, type Terminal, WrongUsage } from "../command.ts";
import { drawTable } from "../draw_table.ts";
import { toJson } from "../endpoint_options.ts";
import { dataOf, openProject } from "../project_access.ts";
import { readArguments, toHeaders, toNumber } from "../read_arguments.ts";
import { toVisibleJson } from "../visible_text.ts";

export const endpoint: Command = {
  summary: "Add, edit, list, test and remove model endpoints",
  help: `Usage: deno task pipeline endpoint add NAME URL [options]
       deno task pipeline endpoint edit NAME [--url URL] [options]
       deno task pipeline endpoint list [--json]
       deno task pipeline endpoint test NAME [PROMPT]
       deno task pipeline endpoint remove NAME

add makes the row, or replaces the one of that name, and tries it with one call; edit changes what
is given. Keys are written {{secret:NAME}}: store them with secret set. test sends one prompt from
this machine and shows the request, the response and what was read from it. remove takes an endpoint
away, or retires one that runs have used: no new run may name it.

Options of add and edit:
  --model NAME
  --format NAME            ${MODEL_FORMAT_NAMES.join(", ")};
                           by default it is guessed from the URL
  --header 'Name: value'   may be given several times
  --timeout SECONDS        limit of one call (default 60); one that may outlive its isolate is warned of
  --max-concurrency N, --requests-per-minute N, --tokens-per-minute N
  --input-cost USD, --output-cost USD    per million tokens; of parts of them --cached-input-cost,
                           --cache-write-cost, --cache-write-hour-cost, --reasoning-cost
  --max-output-tokens N    for calls that do not say maxTokens; max_cost needs one of both
  --request-template JSON, --response-path JSON    format custom, see docs/endpoints.md
  --models JSON            other models, with prices: '{"gpt-5": {"input_cost": 1.25, "output_cost": 10}}'
  --open-to-users          signed-in users may run it, --no-open-to-users: no longer
  --user-parameters NAMES, --user-headers NAMES
                           what users may set and send, with commas between; '' for nothing
  --untested               add: without a call

Exit code: 0 done, 3 the endpoint did not answer, 1 refused, 2 wrong usage.

Examples:
  deno task pipeline endpoint add openai https://api.openai.com/v1 --model gpt-5-mini --header 'Authorization: Bearer {{secret:OPENAI_API_KEY}}'
  deno task pipeline endpoint edit openai --max-concurrency 20 --input-cost 0.25 --output-cost 2
  deno task pipeline endpoint test openai 'Say yes.'`,
  run([action, ...args], terminal) {
    const actions = { add, edit, list, test, remove };
    if (Object.hasOwn(actions, action ?? "")) {
      return actions[action as keyof typeof actions](args, terminal);
    }
    throw new WrongUsage(`Give ${Object.keys(actions).join(", ")}`);
  },
};

const columnOptions = {
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
  "cache-write-hour-cost": { type: "string" },
  "output-cost": { type: "string" },
  "reasoning-cost": { type: "string" },
  "max-output-tokens": { type: "string" },
  "request-template": { type: "string" },
  "response-path": { type: "string" },
  models: { type: "string" },
  "open-to-users": { type: "boolean" },
  "user-parameters": { type: "string" },
  "user-headers": { type: "string" },
} as const;

/** Of columns that take no null: an earlier row of the name must leave nothing, such as its prices. */
const DEFAULTS: Record<string, unknown> = {
  headers: {},
  timeout_seconds: 60,
  models: {},
  open_to_users: false,
  user_parameters: [],
  user_headers: [],
};

/** The columns that options name; undefined: not given. @throws {WrongUsage} saying what to write */
function toColumns(
  values: { [Name in keyof typeof columnOptions]?: unknown },
) {
  const text = (name: keyof typeof columnOptions) =>
    values[name] as string | undefined;
  const number = (name: keyof typeof columnOptions) =>
    toNumber(name, text(name));
  const format = text("format");
  if (format && !MODEL_FORMAT_NAMES.some((name) => name === format)) {
    throw new WrongUsage(
      `Cannot use --format ${format}: give ${MODEL_FORMAT_NAMES.join(", ")}`,
    );
  }
  return {
    model: text("model"),
    format,
    headers: values.header && toHeaders(values.header as string[]),
    timeout_seconds: number("timeout"),
    max_concurrency: number("max-concurrency"),
    requests_per_minute: number("requests-per-minute"),
    tokens_per_minute: number("tokens-per-minute"),
    input_cost: number("input-cost"),
    cached_input_cost: number("cached-input-cost"),
    cache_write_cost: number("cache-write-cost"),
    cache_write_hour_cost: number("cache-write-hour-cost"),
    output_cost: number("output-cost"),
    reasoning_cost: number("reasoning-cost"),
    max_output_tokens: number("max-output-tokens"),
    request_template: toJson("request-template", text("request-template")),
    response_path: toJson("response-path", text("response-path")),
    models: toJson("models", text("models")),
    open_to_users: values["open-to-users"] as boolean | undefined,
    user_parameters: toNames(text("user-parameters")),
    user_headers: toNames(text("user-headers")?.toLowerCase()),
  };
}

function toNames(text: string | undefined): string[] | undefined {
  return text?.split(",").map((name) => name.trim()).filter(Boolean);
}

/** @throws {WrongUsage} it is no address of an HTTP API */
function toUrl(text: string): string {
  if (/^https?:\/\/\S+$/.test(text) && URL.canParse(text)) return text;
  throw new WrongUsage(
    `Cannot use ${text}: give a URL such as https://api.openai.com/v1`,
  );
}

async function add(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(args, ["NAME", "URL"], {
    ...columnOptions,
    untested: { type: "boolean" },
  });
  const [name, url] = positionals;
  const columns = toColumns(values);
  dataOf(
    "add the endpoint",
    await openProject(terminal).client.from("model_endpoints").upsert({
      ...Object.fromEntries(
        Object.entries(columns).map(([column, value]) => [
          column,
          value ?? DEFAULTS[column] ?? null,
        ]),
      ),
      name,
      url: toUrl(url),
      retired: false,
      made_for_url: false,
    }),
  );
  terminal.print(`Endpoint ${name} is stored`);
  await warnOfTimeout(columns.timeout_seconds, terminal);
  return values.untested ? EXIT.done : await test([name], terminal);
}

async function edit(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals: [name] } = readArguments(args, ["NAME"], {
    ...columnOptions,
    url: { type: "string" },
  });
  const changed = dataOf(
    "edit the endpoint",
    await openProject(terminal).client.from("model_endpoints").update({
      ...toColumns(values),
      url: values.url === undefined ? undefined : toUrl(values.url),
    }).eq("name", name).select("name"),
  );
  if (changed.length === 0) throw unknownEndpoint(name);
  terminal.print(`Endpoint ${name} is changed`);
  await warnOfTimeout(toNumber("timeout", values.timeout), terminal);
  return EXIT.done;
}

/** An isolate ends whatever is in it, and what it cut off was paid. */
async function warnOfTimeout(
  seconds: number | undefined,
  terminal: Terminal,
): Promise<void> {
  if (seconds === undefined) return;
  const { connection } = openProject(terminal);
  const worker = await inspectWorker(connection, terminal.fetch);
  if (!("key" in worker)) return;
  const most = longestCall(worker.workerSeconds);
  if (seconds <= most) return;
  terminal.complain(
    `A call of ${seconds} s may outlive its isolate and be paid again: ${most} s are sure with WORKER_SECONDS=${worker.workerSeconds}. Paid plans have 220 s with 140`,
  );
}

async function remove(args: string[], terminal: Terminal): Promise<number> {
  const { positionals: [name] } = readArguments(args, ["NAME"], {});
  const outcome = dataOf(
    "remove the endpoint",
    await openProject(terminal).client.rpc("remove_model_endpoint", { name }),
  );
  terminal.print(`Endpoint ${name} is ${outcome}`);
  return EXIT.done;
}

function unknownEndpoint(name: string): PipelineError {
  return new PipelineError(
    "not_found",
    `Cannot find endpoint "${name}". There are: deno task pipeline endpoint list`,
  );
}

async function list(args: string[], terminal: Terminal): Promise<number> {
  const { values } = readArguments(args, [], { json: { type: "boolean" } });
  const rows = dataOf(
    "list the endpoints",
    await openProject(terminal).client.from("model_endpoints").select()
      .order("name"),
  );
  const shown = rows.map((row) => ({
    name: row.name,
    url: row.url,
    format: row.format ?? `${guessFormat(new URL(row.url))?.name ?? "custom"}?`,
    model: row.model,
    "at a time": row.max_concurrency,
    "a minute": row.requests_per_minute,
    "USD in/out": row.input_cost === null
      ? ""
      : `${row.input_cost}/${row.output_cost}`,
    users: row.open_to_users ? "yes" : "",
  }));
  if (values.json) terminal.print(toVisibleJson(rows));
  else if (shown.length === 0) terminal.complain("There is no endpoint yet");
  else {
    terminal.print(drawTable(shown, Object.keys(shown[0]), terminal.columns));
  }
  return EXIT.done;
}

async function test(args: string[], terminal: Terminal): Promise<number> {
  const { positionals } = readArguments(args, ["NAME", "PROMPT?"], {});
  const [name, prompt = "Say yes."] = positionals;
  const { services } = openProject(terminal);
  const found = await services.project!.readEndpoint(name, services.caller);
  if (!found) throw unknownEndpoint(name);
  const caller = createModelCaller(found, {
    ...services.model,
    fetch: (input, init) => {
      terminal.print(`Request: POST ${input}`);
      // As they stand in the row: a key is never shown.
      terminal.print(`Headers: ${toVisibleJson(found.headers)}`);
      terminal.print(`Body: ${init?.body}`);
      return terminal.fetch(input, init);
    },
  });
  const result = await caller.call({ prompt, parameters: {}, keepBody: true });
  const { body, ...read } = result;
  if (body !== undefined) terminal.print(`Response: ${toVisibleJson(body)}`);
  terminal.print(`Read: ${toVisibleJson(read, 2)}`);
  return result.ok ? EXIT.done : EXIT.somethingFailed;
}
