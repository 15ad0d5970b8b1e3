import { type Command, EXIT, type Terminal, WrongUsage } from "../command.ts";
import { drawTable } from "../draw_table.ts";
import {
  type Agreement,
  toDisagreements,
  toFigures,
} from "../labels/describe_agreement.ts";
import { exportSheet, importSheet } from "../labels/exchange_sheets.ts";
import { findLabelQueue, readLabelQueues } from "../labels/label_queue.ts";
import { queueOptions, toQueue } from "../labels/queue_options.ts";
import { dataOf, openProject } from "../project_access.ts";
import { readArguments, toNumber } from "../read_arguments.ts";
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
  --label NAME         name of the labels (default: quality)
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
  run([action, ...args], terminal) {
    const actions: Record<
      string,
      (args: string[], terminal: Terminal) => Promise<number>
    > = {
      create,
      list,
      export: exportSheet,
      import: importSheet,
      agreement,
      close,
      delete: deleteQueue,
    };
    if (!Object.hasOwn(actions, action ?? "")) {
      throw new WrongUsage(
        `Cannot ${action ?? "do nothing"} with labels: give ${
          Object.keys(actions).join(", ")
        }`,
      );
    }
    return actions[action](args, terminal);
  },
};

const owner = { owner: { type: "string" } } as const;
const person = { person: { type: "string" } } as const;
const json = { json: { type: "boolean" } } as const;

async function create(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals: [name, experiment_name] } = readArguments(
    args,
    ["QUEUE", "EXPERIMENT"],
    queueOptions,
  );
  const queue = await toQueue(values);
  const { client } = openProject(terminal);
  const made = dataOf(
    "make the label queue",
    await client.rpc("create_evaluation_label_queue", {
      name,
      experiment_name,
      ...queue,
    }),
  ) as { id: number; chosen: string; label_name: string };
  const items = await client.from("evaluation_label_items")
    .select("id", { count: "exact" }).eq("queue_id", made.id).limit(1);
  dataOf("count the items of the label queue", items);
  terminal.print(
    `Label queue "${name}" has ${items.count} items (${made.chosen}), labels "${made.label_name}"`,
  );
  return EXIT.done;
}

async function list(args: string[], terminal: Terminal): Promise<number> {
  const { values } = readArguments(args, [], { ...owner, ...person, ...json });
  const queues = await readLabelQueues(
    openProject(terminal).client,
    values.owner,
    values.person,
  );
  if (values.json) terminal.print(toVisibleJson(queues));
  else if (queues.length === 0) terminal.complain("There is no queue yet");
  else {
    const shown = queues.map((queue) => ({
      name: queue.name,
      experiment: queue.experiment_name,
      label: queue.label_name,
      kind: queue.kind,
      chosen: queue.chosen,
      finished: `${queue.finished} of ${queue.items}`,
      labels: queue.labels,
      ...values.person === undefined
        ? {}
        : { [`of ${values.person}`]: queue.mine, left: queue.open },
      state: queue.closed_at === null ? "open" : "closed",
    }));
    terminal.print(drawTable(shown, Object.keys(shown[0]), terminal.columns));
  }
  return EXIT.done;
}

async function agreement(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals: [evaluator, label_name, experiment] } =
    readArguments(args, ["EVALUATOR", "LABEL", "EXPERIMENT?"], {
      ...owner,
      ...json,
      limit: { type: "string", default: "10" },
    });
  const told = dataOf(
    "compare with people",
    await openProject(terminal).client.rpc("evaluation_agreement", {
      evaluator,
      label_name,
      experiment: experiment ?? null,
      owner: values.owner ?? null,
      most: toNumber("limit", values.limit),
    }),
  ) as Agreement;
  if (values.json) {
    terminal.print(toVisibleJson(told));
    return EXIT.done;
  }
  const draw = (rows: Record<string, unknown>[]) =>
    terminal.print(drawTable(rows, Object.keys(rows[0]), terminal.columns));
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
  const { id } = await findLabelQueue(client, name, values.owner);
  dataOf(
    "close the label queue",
    await client.rpc("close_evaluation_label_queue", { queue_id: id }),
  );
  terminal.print(`Closed "${name}"`);
  return EXIT.done;
}

async function deleteQueue(
  args: string[],
  terminal: Terminal,
): Promise<number> {
  const { values, positionals: [name] } = readArguments(args, ["QUEUE"], {
    ...owner,
    yes: { type: "boolean" },
  });
  const { client } = openProject(terminal);
  const { id } = await findLabelQueue(client, name, values.owner);
  const isMeant = values.yes ||
    await terminal.confirm(`Delete the queue ${name}? Its labels stay`);
  if (isMeant === null) {
    throw new WrongUsage(`Cannot ask whether to delete ${name}: give --yes`);
  }
  if (!isMeant) {
    terminal.complain("Nothing was deleted");
    return EXIT.failed;
  }
  dataOf(
    "delete the label queue",
    await client.rpc("delete_evaluation_label_queue", { queue_id: id }),
  );
  terminal.print(`Deleted "${name}"; its labels stay`);
  return EXIT.done;
}
