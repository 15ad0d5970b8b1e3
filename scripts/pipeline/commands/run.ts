import { extractOptionsSchema } from "../../../supabase/functions/_shared/archive/options.ts";
import { OPERATIONS } from "../../../supabase/functions/_shared/operations/operations.ts";
import { uploadLocalSource } from "../../tool/upload_local_source.ts";
import { type Command, EXIT } from "../command.ts";
import {
  ENDPOINT_HELP,
  endpointOptions,
  toEndpointChoice,
  toEvaluators,
  toJson,
} from "../endpoint_options.ts";
import { askedOptions, toConfig } from "../asked_options.ts";
import { followRun } from "../follow_run.ts";
import { readTemplate } from "../read_template.ts";
import { openProject } from "../project_access.ts";
import { readArguments, switches, texts } from "../read_arguments.ts";
import { readSource } from "../read_source.ts";
import { tableOptions, withTableOptions } from "../table_options.ts";
import { showDryRun } from "../show_dry_run.ts";
import { toVisibleJson } from "../visible_text.ts";

export const run: Command = {
  summary: "Start a run in the project and follow it",
  help: `Usage: deno task pipeline run SOURCE [options]

SOURCE is BUCKET or BUCKET/PREFIX in Storage, a table or view of the project written SCHEMA.TABLE or
table:NAME (see deno task pipeline sources), a file or folder of this machine written ./so or /so
(it is uploaded first), a file of prompts ending in .prompts.jsonl, set:NAME or set:NAME@VERSION for
a saved set, run:ID for the prompts of an earlier run, or sweep:ID for those of a sweep. The work is done in the project: Ctrl-C stops following, not the run.

Options:
${ENDPOINT_HELP}
  --experiment NAME, --tag TAG, --table NAME
  --max-prompts N, --max-cost USD
  --template TEXT        the user's message, with {{prompt}}, {{reference}} and {{any.variable}}, a field
                         of the prompt's metadata; @FILE reads it from a file
  --system TEXT          the system message, likewise
  --repetitions N        ask each prompt N times
  --options JSON         options of extraction, such as '{"turns": "first", "dedupe": true}'
  --evaluators TEXT      names with commas between them, or JSON
  --columns JSON         of a table: what its columns are, such as '{"content": "body"}'
  --where JSON           of a table: only rows whose columns have these values
  --new                  of a table: only what is new since the last run of this source
  --join                 add to an experiment that has results already
  --only-unanswered      of run:ID: what it has no answer to, such as after cancel
  --dry-run              only show what would be asked, left out and paid for; nothing is sent
  --key TEXT             idempotency key: the same one within a week is the same run
  --detach               print the run's id and do not follow
  --json

Exit code: 0 completed, 3 completed and a prompt or an upload failed or no prompt was found, 4 failed,
paused or cancelled, 130 following was interrupted, 1 the run was refused, 2 wrong usage.

Examples:
  deno task pipeline run conversation-archives/2026/ --endpoint openai --experiment nightly
  deno task pipeline run ./chatgpt-export.zip --endpoint openai --max-prompts 100 --max-cost 1
  deno task pipeline run conversation-archives/2026/ --endpoint openai --dry-run
  deno task pipeline run public.messages --endpoint openai --experiment nightly --new
  deno task pipeline run run:7 --endpoint openai --model gpt-5 --detach
  deno task pipeline run run:7 --endpoint openai --template '{{prompt}} Be brief.' --repetitions 5
  deno task pipeline run ./cities.csv --endpoint openai --template 'Describe {{city}} in {{language}}.'
  deno task pipeline run run:7 --only-unanswered --endpoint openai --experiment nightly --join`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["SOURCE"], {
      ...endpointOptions,
      ...askedOptions,
      ...tableOptions,
      ...texts("experiment", "template"),
      ...switches("only-unanswered", "dry-run"),
    });
    const { client, services, connection } = openProject(terminal);
    const dataSource = withTableOptions(
      await readSource(positionals[0], values["only-unanswered"]),
      values,
    );
    const config = toConfig(values, await readTemplate(values));
    if (values["dry-run"]) {
      return await showDryRun(
        {
          dataSource,
          ...pickExtraction(toJson("options", values.options)),
          maxPrompts: config.extractMaxPrompts,
          endpoint: values.endpoint,
          model: values.model,
          maxTokens: config.parameters?.maxTokens,
          template: config.template,
          repetitions: config.repetitions,
        },
        services,
        terminal,
        values.json,
      );
    }
    const { input, errors } = await uploadLocalSource(
      {
        dataSource,
        ...toEndpointChoice(values),
        supabaseTable: values.table,
        config,
        evaluators: toEvaluators(values.evaluators),
        batchMetadata: { experimentName: values.experiment, tags: values.tag },
      },
      connection,
      terminal.fetch,
    );
    for (const { message } of errors) terminal.complain(message);
    const { runId, status } = await OPERATIONS.run_pipeline.run(input, {
      ...services,
      idempotencyKey: values.key,
    });
    const withLosses = (code: number) =>
      code === EXIT.done && errors.length > 0 ? EXIT.somethingFailed : code;
    if (!values.detach) {
      return withLosses(
        await followRun(client, runId, terminal, values.json),
      );
    }
    terminal.print(
      values.json ? toVisibleJson({ runId, status }) : String(runId),
    );
    return withLosses(EXIT.done);
  },
};

/** Those options of a run that say which prompts it asks. */
function pickExtraction(options: Record<string, unknown> = {}) {
  return Object.fromEntries(
    Object.entries(options).filter(([name]) =>
      name in extractOptionsSchema.shape
    ),
  );
}
