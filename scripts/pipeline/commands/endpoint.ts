import { createModelCaller } from "../../../supabase/functions/_shared/model/call_model.ts";
import { type Command, EXIT, type Terminal, WrongUsage } from "../command.ts";
import { drawTable } from "../draw_table.ts";
import { dataOf, openProject } from "../project_access.ts";
import { readArguments, toHeaders, toNumber } from "../read_arguments.ts";
import { toVisibleJson } from "../visible_text.ts";

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
  --timeout SECONDS
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
    "output-cost": { type: "string" },
    "open-to-users": { type: "boolean" },
  });
  const number = (name: keyof typeof values) =>
    toNumber(name, values[name] as string | undefined);
  dataOf(
    "add the endpoint",
    await openProject(terminal).client.from("model_endpoints").upsert({
      name: positionals[0],
      url: positionals[1],
      model: values.model,
      format: values.format,
      headers: toHeaders(values.header),
      timeout_seconds: number("timeout") ?? 60,
      max_concurrency: number("max-concurrency"),
      requests_per_minute: number("requests-per-minute"),
      tokens_per_minute: number("tokens-per-minute"),
      input_cost: number("input-cost"),
      output_cost: number("output-cost"),
      open_to_users: values["open-to-users"] ?? false,
    }),
  );
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
    values.json ? toVisibleJson(rows) : drawTable(rows, [
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
