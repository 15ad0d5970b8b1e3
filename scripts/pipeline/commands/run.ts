import { OPERATIONS } from "../../../supabase/functions/_shared/operations/operations.ts";
import { toObjectName } from "../../../supabase/functions/_shared/object_name.ts";
import { uploadLocalSource } from "../../tool/upload_local_source.ts";
import { type Command, EXIT } from "../command.ts";
import {
  ENDPOINT_HELP,
  endpointOptions,
  toEndpointChoice,
  toEvaluators,
  toJson,
} from "../endpoint_options.ts";
import { expectPath } from "../find_files.ts";
import { followRun } from "../follow_run.ts";
import { readJsonLines } from "../json_lines.ts";
import { openProject } from "../project_access.ts";
import { readArguments, toNumber } from "../read_arguments.ts";
import { toVisibleJson } from "../visible_text.ts";

export const run: Command = {
  summary: "Start a run in the project and follow it",
  help: `Usage: deno task pipeline run SOURCE [options]

SOURCE is BUCKET or BUCKET/PREFIX in Storage, a file or folder of this machine written ./so or /so
(it is uploaded first), a file of prompts ending in .prompts.jsonl, or run:ID for the prompts of an
earlier run. The work is done in the project: Ctrl-C stops following, not the run.

Options:
${ENDPOINT_HELP}
  --experiment NAME, --tag TAG, --table NAME
  --max-prompts N, --max-cost USD
  --options JSON         options of extraction, such as '{"turns": "first", "dedupe": true}'
  --evaluators TEXT      names with commas between them, or JSON
  --key TEXT             idempotency key: the same one within a week is the same run
  --detach               print the run's id and do not follow
  --json
  --help

Exit code: 0 completed, 3 completed and a prompt or an upload failed or no prompt was found, 4 failed,
paused or cancelled, 130 following was interrupted, 1 the run was refused, 2 wrong usage.

Examples:
  deno task pipeline run conversation-archives/2026/ --endpoint openai --experiment nightly
  deno task pipeline run ./chatgpt-export.zip --endpoint openai --max-prompts 100 --max-cost 1
  deno task pipeline run run:7 --endpoint openai --model gpt-5 --detach`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["SOURCE"], {
      ...endpointOptions,
      experiment: { type: "string" },
      tag: { type: "string", multiple: true },
      table: { type: "string" },
      "max-prompts": { type: "string" },
      "max-cost": { type: "string" },
      options: { type: "string" },
      evaluators: { type: "string" },
      key: { type: "string" },
      detach: { type: "boolean" },
      json: { type: "boolean", default: false },
    });
    const { client, services, connection } = openProject(terminal);
    const { input, errors } = await uploadLocalSource(
      {
        dataSource: await readSource(positionals[0]),
        ...toEndpointChoice(values),
        supabaseTable: values.table,
        config: {
          ...toJson("options", values.options),
          parameters: toJson("parameters", values.parameters),
          extractMaxPrompts: toNumber("max-prompts", values["max-prompts"]),
          maxCost: toNumber("max-cost", values["max-cost"]),
          maxConcurrency: toNumber(
            "max-concurrency",
            values["max-concurrency"],
          ),
        },
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

async function readSource(source: string): Promise<object> {
  const runId = /^run:(\d+)$/.exec(source)?.[1];
  if (runId) return { type: "run", runId };
  if (source.endsWith(".prompts.jsonl")) {
    const prompts = await readJsonLines(source, {
      readInput: () => Promise.resolve(""),
    });
    return { type: "prompts", prompts };
  }
  if (/^[./]/.test(source)) {
    await expectPath(source);
    return { type: "local", directory: source };
  }
  const [, bucket, prefix] = /^([^/]+)\/?(.*)$/.exec(source)!;
  return { type: "supabase", bucket, prefix: toObjectName(prefix) };
}
