import { PipelineError } from "../../../supabase/functions/_shared/errors.ts";
import { createModelCaller } from "../../../supabase/functions/_shared/model/call_model.ts";
import { guessFormat } from "../../../supabase/functions/_shared/model/formats/choose_format.ts";
import { MODEL_FORMAT_NAMES } from "../../../supabase/functions/_shared/model/formats/known_formats.ts";
import { longestCall } from "../../../supabase/functions/_shared/worker_facts.ts";
import { inspectWorker } from "../call_function.ts";
import { type Command, EXIT, type Terminal, WrongUsage } from "../command.ts";
import { toJson } from "../endpoint_options.ts";
import { call, dataOf, openProject } from "../project_access.ts";
import {
  readArguments,
  switches,
  texts,
  toHeaders,
  toNumber,
} from "../read_arguments.ts";
import { runAction } from "../run_action.ts";
import { showRows } from "../show_rows.ts";
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
  run: (args, terminal) =>
    runAction({ add, edit, list, test, remove }, args, terminal),
};

/** Options that are columns of the same name, and how their text is read. */
const NUMBERS = [
  "max-concurrency",
  "requests-per-minute",
  "tokens-per-minute",
  "input-cost",
  "cached-input-cost",
  "cache-write-cost",
  "cache-write-hour-cost",
  "output-cost",
  "reasoning-cost",
  "max-output-tokens",
] as const;
const JSONS = ["request-template", "response-path", "models"] as const;

const columnOptions = {
  ...texts(...NUMBERS, ...JSONS, "model", "format", "timeout"),
  ...texts("user-parameters", "user-headers"),
  ...switches("open-to-users"),
  header: { type: "string", multiple: true },
} as const;

type Columns = Record<string, unknown>;

/** Of columns that take no null: an earlier row of the name must leave nothing, such as its prices. */
const DEFAULTS: Columns = {
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
): Columns & { timeout_seconds?: number } {
  const text = (name: keyof typeof columnOptions) =>
    values[name] as string | undefined;
  const format = text("format");
  if (format && !MODEL_FORMAT_NAMES.some((name) => name === format)) {
    throw new WrongUsage(
      `Cannot use --format ${format}: give ${MODEL_FORMAT_NAMES.join(", ")}`,
    );
  }
  const columnsOf = <Name extends keyof typeof columnOptions>(
    names: readonly Name[],
    read: (name: Name, text?: string) => unknown,
  ) =>
    Object.fromEntries(
      names.map((name) => [name.replaceAll("-", "_"), read(name, text(name))]),
    );
  return {
    model: text("model"),
    format,
    headers: values.header && toHeaders(values.header as string[]),
    timeout_seconds: toNumber("timeout", text("timeout")),
    ...columnsOf(NUMBERS, toNumber),
    ...columnsOf(JSONS, toJson),
    open_to_users: values["open-to-users"],
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
    ...switches("untested"),
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
    ...texts("url"),
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
  const outcome = await call<string>(
    openProject(terminal).client,
    "remove the endpoint",
    "remove_model_endpoint",
    { name },
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
  const { values } = readArguments(args, [], switches("json"));
  const rows = dataOf(
    "list the endpoints",
    await openProject(terminal).client.from("model_endpoints").select()
      .order("name"),
  );
  showRows(rows, {
    json: values.json,
    none: "There is no endpoint yet",
    toCells: (row) => ({
      name: row.name,
      url: row.url,
      format: row.format ??
        `${guessFormat(new URL(row.url))?.name ?? "custom"}?`,
      model: row.model,
      "at a time": row.max_concurrency,
      "a minute": row.requests_per_minute,
      "USD in/out": row.input_cost === null
        ? ""
        : `${row.input_cost}/${row.output_cost}`,
      users: row.open_to_users ? "yes" : "",
    }),
  }, terminal);
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
