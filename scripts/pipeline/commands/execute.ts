import { OPERATIONS } from "../../../supabase/functions/_shared/operations/operations.ts";
import { createLocalServices } from "../../project/services.ts";
import { type Command, EXIT } from "../command.ts";
import {
  ENDPOINT_HELP,
  endpointOptions,
  toEndpointChoice,
  toJson,
} from "../endpoint_options.ts";
import { readJsonLines } from "../json_lines.ts";
import { allowsPrivateHosts, openProject } from "../project_access.ts";
import { createProgressMeter } from "../progress_meter.ts";
import { readArguments, toNumber } from "../read_arguments.ts";
import { toVisibleJson } from "../visible_text.ts";

export const execute: Command = {
  summary: "Send prompts to a model from this machine",
  help: `Usage: deno task pipeline execute FILE [options] > responses.jsonl

FILE has one prompt per line, as extract prints them; - is standard input. Prints one response per
line, in the same order. Nothing is stored: see store, and run for long work.

Options:
${ENDPOINT_HELP}

A --url needs no project. http and private addresses need PIPELINE_ALLOW_PRIVATE_HOSTS=true.

Exit code: 0 all were answered, 3 a prompt failed, 1 nothing could be done, 2 wrong usage.

Examples:
  deno task pipeline execute prompts.jsonl --endpoint openai > responses.jsonl
  deno task pipeline execute - --url http://127.0.0.1:11434 --model llama3.2 < prompts.jsonl`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(
      args,
      ["FILE"],
      endpointOptions,
    );
    const prompts = await readJsonLines(positionals[0], terminal);
    const services = values.endpoint
      ? openProject(terminal).services
      : createLocalServices(undefined, {
        fetch: terminal.fetch,
        allowPrivateHosts: allowsPrivateHosts(terminal.environment),
      });
    const meter = createProgressMeter(
      { total: prompts.length, unit: "prompts", now: Date.now },
      terminal,
    );
    const { responses, failed, errors } = await OPERATIONS.execute_batch.run({
      prompts,
      ...toEndpointChoice(values),
      parameters: toJson("parameters", values.parameters),
      maxConcurrency: toNumber("max-concurrency", values["max-concurrency"]),
    }, { ...services, onResponse: () => meter.add(1) });
    meter.end();
    for (const response of responses) terminal.print(toVisibleJson(response));
    for (const { message } of errors.slice(0, 20)) terminal.complain(message);
    return failed > 0 ? EXIT.somethingFailed : EXIT.done;
  },
};
