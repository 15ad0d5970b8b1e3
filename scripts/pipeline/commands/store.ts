import { OPERATIONS } from "../../../supabase/functions/_shared/operations/operations.ts";
import { type Command, EXIT } from "../command.ts";
import { readJsonLines } from "../json_lines.ts";
import { openProject } from "../project_access.ts";
import { readArguments, texts } from "../read_arguments.ts";
import { toVisibleJson } from "../visible_text.ts";

export const store: Command = {
  summary: "Store responses in a results table",
  help: `Usage: deno task pipeline store FILE [options]

FILE has one response per line, as execute prints them; - is standard input.

Options:
  --table NAME        prompt_evaluations (default), another results table, or one of yours that
                      use_evaluations_table() has registered
  --experiment NAME   name shared by what is compared
  --model NAME        for responses that do not name their model
  --tag TAG           may be given several times

Prints {stored, failed, insertedIds, existing, errors} as JSON.

Exit code: 0 all are stored, 3 a response was not, 1 nothing could be done, 2 wrong usage.

Examples:
  deno task pipeline store responses.jsonl --experiment nightly --tag trial
  deno task pipeline execute prompts.jsonl --endpoint openai | deno task pipeline store -`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["FILE"], {
      ...texts("table", "experiment", "model"),
      tag: { type: "string", multiple: true },
    });
    const stored = await OPERATIONS.store_results.run({
      responses: await readJsonLines(positionals[0], terminal),
      supabaseTable: values.table,
      batchMetadata: {
        experimentName: values.experiment,
        modelName: values.model,
        tags: values.tag,
      },
    }, openProject(terminal).services);
    terminal.print(toVisibleJson(stored));
    return stored.failed > 0 ? EXIT.somethingFailed : EXIT.done;
  },
};
