import type { SupabaseClient } from "@supabase/supabase-js";
import type { Agreement } from "../../dashboard/browser/data/agreement_answer.ts";
import type { LabelQueue } from "../../dashboard/browser/data/label_queue_answer.ts";
import { type Command, EXIT, type Terminal } from "../command.ts";
import { drawTable } from "../draw_table.ts";
import { toDisagreements, toFigures } from "../labels/describe_agreement.ts";
import { exportSheet, importSheet } from "../labels/exchange_sheets.ts";
import { findLabelQueue, readLabelQueues } from "../labels/label_queue.ts";
import { queueOptions, toQueue } from "../labels/queue_options.ts";
import { call, dataOf, openProject } from "../project_access.ts";
import { readArguments, switches, texts, toNumber } from "../read_arguments.ts";
import { deleteIfMeant, runAction } from "../run_action.ts";
import { showRows } from "../show_rows.ts";
import { toVisible, toVisibleJson } from "../visible_text.ts";

export const labels: Command = {
  summary:
    "Let people label answers: create, list, export, import, agreement, close, delete",
  help: `Usage: deno task pipeline labels create QUEUE EXPERIMENT [options]
       deno task pipeline labels list [--person NAME] [--json]
       deno task pipeline labels export QUEUE --person NAME [--days N] > FILE.csv
       deno task pipeline labels import QUEUE FILE.csv --person NAME
       deno task pipeline labels agreement EVALUATOR LABEL [EXPERIMENT] [--limit N] [--json]
       deno task pipeline labels close QUEUE
       deno task pipeline labels delete QUEUE [--yes]

A queue draws answers of an experiment by chance. People label them in the dashboard, or in a spreadsheet:
export writes what is left for a person and keeps it for them, import reads it when its column "label" is
filled in. A row that is wrong is told with its row and column, and costs no other.

Options of create:
  --evaluator NAME     ask for both verdicts of this evaluator, half of each: the fewest labels for an exact pass rate
  --choose random      with --evaluator: chance chooses among all that it judged
  --items N            answers, or pairs (default: 60)
  --people N           how many people label each (default: 1)
  --label NAME         name of the labels (default: quality, of pairs preference)
  --to N, --from N     a grade up to N, from 1 or --from; --pass-from N: it passes from there
  --categories A,B     one of these; --passing A: these pass
  --kind score         a grade from 1 to 5
  --against EXPERIMENT which of two answers is better, in both orders
  --instructions TEXT  what to look at; @FILE reads a file
  --reviewer USER      who may label, by id, may be repeated (default: all with the claim "label")
  --no-blind           show scores, model and what others said
Other options:
  --owner USER         queues and experiments of this user, by id (default: the project's own)
  --days N             export: for how long the answers are kept for NAME (default: 7)

Exit code: 0 done, 1 there is no such queue, or nothing was stored, 2 wrong usage, 3 some rows were wrong.

Examples:
  deno task pipeline labels create hard-ones nightly --evaluator helpful --people 2
  deno task pipeline labels export hard-ones --person ada > ada.csv
  deno task pipeline labels import hard-ones ada.csv --person ada
  deno task pipeline labels agreement helpful quality nightly`,
  run: (args, terminal) =>
    runAction(
      {
        create,
        list,
        export: exportSheet,
        import: importSheet,
        agreement,
        close,
        delete: deleteQueue,
      },
      args,
      terminal,
    ),
};

const owner = texts("owner");
const json = switches("json");

async function create(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals: [name, experiment_name] } = readArguments(
    args,
    ["QUEUE", "EXPERIMENT"],
    queueOptions,
  );
  const queue = await toQueue(values);
  const { client } = openProject(terminal);
  const made = await call<LabelQueue>(
    client,
    "make the label queue",
    "create_evaluation_label_queue",
    { name, experiment_name, ...queue },
  );
  const items = await client.from("evaluation_label_items")
    .select("id", { count: "exact" }).eq("queue_id", made.id).limit(1);
  dataOf("count the items of the label queue", items);
  terminal.print(
    `Label queue "${name}" has ${items.count} items (${made.chosen}), labels "${made.label_name}"`,
  );
  return EXIT.done;
}

async function list(args: string[], terminal: Terminal): Promise<number> {
  const { values } = readArguments(args, [], {
    ...texts("owner", "person"),
    ...json,
  });
  const queues = await readLabelQueues(
    openProject(terminal).client,
    values.owner,
    values.person,
  );
  showRows(queues, {
    json: values.json,
    none: "There is no queue yet",
    toCells: (queue) => ({
      name: queue.name,
      experiment: queue.experiment_name,
      label: queue.label_name,
      kind: queue.kind,
      chosen: queue.chosen,
      finished: `${queue.finished} of ${queue.items}`,
      labels: queue.labels,
      ...values.person !== undefined &&
        { [`of ${values.person}`]: queue.mine, left: queue.open },
      state: queue.closed_at === null ? "open" : "closed",
    }),
  }, terminal);
  return EXIT.done;
}

async function agreement(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals: [evaluator, label_name, experiment] } =
    readArguments(args, ["EVALUATOR", "LABEL", "EXPERIMENT?"], {
      ...owner,
      ...json,
      limit: { type: "string", default: "10" },
    });
  const told = await call<Agreement>(
    openProject(terminal).client,
    "compare with people",
    "evaluation_agreement",
    {
      evaluator,
      label_name,
      experiment: experiment ?? null,
      owner: values.owner ?? null,
      most: toNumber("limit", values.limit),
    },
  );
  if (values.json) {
    terminal.print(toVisibleJson(told));
    return EXIT.done;
  }
  const draw = (rows: Record<string, unknown>[]) =>
    terminal.print(drawTable(rows, terminal.columns));
  terminal.print(
    `${told.answers} answers, chosen by ${
      told.chosen === "random" ? "chance" : told.chosen
    }, labelled by ${told.people.map(toVisible).join(", ")}`,
  );
  draw(toFigures(told));
  if (told.note) terminal.print(told.note);
  if (told.disagreements.length > 0) draw(toDisagreements(told));
  if (told.more > 0) terminal.print(`and ${told.more} more: --limit`);
  return EXIT.done;
}

async function close(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals: [name] } = readArguments(args, ["QUEUE"], owner);
  const { client } = openProject(terminal);
  await end("close", client, await findLabelQueue(client, name, values.owner));
  terminal.print(`Closed "${name}"`);
  return EXIT.done;
}

async function deleteQueue(
  args: string[],
  terminal: Terminal,
): Promise<number> {
  const { values, positionals: [name] } = readArguments(args, ["QUEUE"], {
    ...owner,
    ...switches("yes"),
  });
  const { client } = openProject(terminal);
  // Nobody is asked about a queue that is not there.
  const queue = await findLabelQueue(client, name, values.owner);
  const given = { yes: values.yes, remark: " Its labels stay" };
  return await deleteIfMeant(`the queue ${name}`, given, terminal, async () => {
    await end("delete", client, queue);
    terminal.print(`Deleted "${name}"; its labels stay`);
  });
}

async function end(
  step: "close" | "delete",
  client: SupabaseClient,
  { id }: LabelQueue,
): Promise<void> {
  await call(
    client,
    `${step} the label queue`,
    `${step}_evaluation_label_queue`,
    { queue_id: id },
  );
}
