import { basename } from "node:path";
import { OPERATIONS } from "../../../supabase/functions/_shared/operations/operations.ts";
import { uploadLocalSource } from "../../tool/upload_local_source.ts";
import { type Command, EXIT, WrongUsage } from "../command.ts";
import { toEvaluators, toJson } from "../endpoint_options.ts";
import { askedOptions, toConfig } from "../asked_options.ts";
import { followSweep } from "../follow_sweep.ts";
import { openProject } from "../project_access.ts";
import { readArguments, texts } from "../read_arguments.ts";
import { readSource } from "../read_source.ts";
import { readText } from "../read_text.ts";
import { readTemplate } from "../read_template.ts";
import { toVisibleJson } from "../visible_text.ts";

export const sweep: Command = {
  summary: "Start several runs over the same prompts and follow them",
  help: `Usage: deno task pipeline sweep SOURCE --name NAME [options]

Each variant becomes a run NAME/VARIANT over the prompts of SOURCE, which are read once; SOURCE is
that of run. The variants are those of --variants, or each --model, or each --endpoint where no model
is given, with each --template.

Options:
  --name NAME
  --variants JSON|FILE   [{"name"?, "endpoint"?, "model"?, "parameters"?, "template"?}]
  --endpoint NAME        may be given several times; with --model or --variants once, for all
  --model NAME           may be given several times
  --template TEXT|@FILE  a user message with {{prompt}} or variables in it; may be given several times
  --system TEXT|@FILE    a system message, for all variants
  --repetitions N        answers to each prompt
  --parameters JSON      for all variants
  --evaluators TEXT      names with commas between them, or JSON
  --max-prompts N, --max-cost USD (of all runs together), --max-concurrency N (of each run)
  --options JSON, --table NAME, --tag TAG, --webhook URL
  --join                 add to experiments that have results already
  --key TEXT             idempotency key: the same one within a week is the same sweep
  --detach               print the sweep's id and do not follow
  --json

Exit code: 0 completed, 3 completed and a prompt or a variant failed, 4 failed, paused or cancelled,
130 following was interrupted, 1 the sweep was refused, 2 wrong usage.

Examples:
  deno task pipeline sweep set:hard-ones --name tone --endpoint openai --model gpt-5 --model gpt-5-mini
  deno task pipeline sweep run:7 --name words --endpoint openai --template @short.txt --template @long.txt
  deno task pipeline pause sweep:3`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["SOURCE"], {
      ...askedOptions,
      ...texts("name", "variants", "webhook"),
      endpoint: { type: "string", multiple: true, default: [] },
      model: { type: "string", multiple: true, default: [] },
      template: { type: "string", multiple: true, default: [] },
    });
    if (!values.name) throw new WrongUsage("Give --name");
    const { client, services, connection } = openProject(terminal);
    const { input, errors } = await uploadLocalSource(
      {
        name: values.name,
        dataSource: await readSource(positionals[0]),
        variants: values.variants === undefined
          ? await crossVariants(values)
          : await readVariants(values.variants),
        endpoint: values.endpoint.length === 1 ? values.endpoint[0] : undefined,
        supabaseTable: values.table,
        config: toConfig(
          values,
          await readTemplate({ system: values.system }),
        ),
        evaluators: toEvaluators(values.evaluators),
        evaluationWebhook: values.webhook,
        batchMetadata: { tags: values.tag },
      },
      connection,
      terminal.fetch,
    );
    for (const { message } of errors) terminal.complain(message);
    const { sweepId, status } = await OPERATIONS.run_sweep.run(input, {
      ...services,
      idempotencyKey: values.key,
    });
    if (!values.detach) {
      return await followSweep(client, sweepId, terminal, values.json);
    }
    terminal.print(
      values.json ? toVisibleJson({ sweepId, status }) : String(sweepId),
    );
    return EXIT.done;
  },
};

/** Each model, or each endpoint, with each template. @throws {WrongUsage} there is nothing to compare */
async function crossVariants(
  { endpoint, model, template, system }: {
    endpoint: string[];
    model: string[];
    template: string[];
    system?: string;
  },
): Promise<object[]> {
  if (endpoint.length > 1 && model.length > 0) {
    throw new WrongUsage(
      "Cannot tell which endpoint has which model: write them in --variants",
    );
  }
  const called = model.length > 0
    ? model.map((name) => ({ name, choice: { model: name } }))
    : endpoint.map((name) => ({ name, choice: { endpoint: name } }));
  if (called.length === 0) {
    throw new WrongUsage("Give --variants, --model or --endpoint");
  }
  const templates = await Promise.all(template.map(async (text, index) => ({
    name: text.startsWith("@")
      ? basename(text.slice(1)).replace(/\.\w+$/, "")
      : `template ${index + 1}`,
    template: await readTemplate({ template: text, system }),
  })));
  return called.flatMap(({ name, choice }) =>
    templates.length === 0 ? [{ name, ...choice }] : templates.map((one) => ({
      name: called.length === 1 ? one.name : `${name} ${one.name}`,
      ...choice,
      template: one.template,
    }))
  );
}

async function readVariants(text: string): Promise<unknown> {
  return toJson("variants", /^\s*\[/.test(text) ? text : await readText(text));
}
