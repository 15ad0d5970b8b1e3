import type { SupabaseClient } from "@supabase/supabase-js";
import { readAll } from "../../project/read_all.ts";
import { type Command, EXIT, type Terminal, WrongUsage } from "../command.ts";
import { drawTable } from "../draw_table.ts";
import { formatTime } from "../format_values.ts";
import { readJsonLines } from "../json_lines.ts";
import { call, dataOf, openProject } from "../project_access.ts";
import { readArguments, switches, texts, toNumber } from "../read_arguments.ts";
import { deleteIfMeant, runAction } from "../run_action.ts";
import { showRows } from "../show_rows.ts";
import { toSetName } from "../read_source.ts";
import {
  findSet,
  readSet,
  type SavedSet,
  type SetPrompt,
} from "../saved_sets.ts";
import { toVisibleJson } from "../visible_text.ts";

export const set: Command = {
  summary:
    "Saved sets of prompts: save, list, show, diff, import, export, correct, delete",
  help: `Usage: deno task pipeline set save NAME run:ID [--description TEXT]
       deno task pipeline set list [--json]
       deno task pipeline set show NAME[@VERSION] [--limit N] [--json]
       deno task pipeline set diff NAME@VERSION [NAME[@VERSION]] [--json]
       deno task pipeline set import NAME FILE [--description TEXT]
       deno task pipeline set export NAME[@VERSION] > FILE
       deno task pipeline set correct NAME [EXPERIMENT] [--label NAME]
       deno task pipeline set delete NAME[@VERSION] [--yes]

A set is a list of prompts under a name. It is never changed: saving or importing under a name that
is taken makes its next version, unless the prompts are the same, word for word. Without @VERSION
the newest is meant; diff compares with the newest. A run or a sweep takes set:NAME as its SOURCE.

correct makes the next version with what people wrote in place of answers (of EXPERIMENT, under the label
NAME) as references of its prompts; of a set that there is not yet, these prompts alone.

FILE has one prompt per line as JSON, a text or {text, key?, messages?, reference?, passages?,
metadata?, parameters?}, as extract and set export print them; - is standard input.

Options of all of them:
  --owner USER   the sets of this user, by id (default: the project's own)

Exit code: 0 done, 1 there is no such set, or it was refused, 2 wrong usage.

Examples:
  deno task pipeline set save hard-ones run:7
  deno task pipeline extract ./faq.csv | deno task pipeline set import faq -
  deno task pipeline set diff faq@1
  deno task pipeline set correct faq nightly
  deno task pipeline run set:faq --endpoint openai`,
  run: (args, terminal) =>
    runAction(
      {
        save,
        list,
        show,
        diff,
        import: importSet,
        export: exportSet,
        correct,
        delete: deleteSet,
      },
      args,
      terminal,
    ),
};

const owner = texts("owner");
const json = switches("json");

/** A request of so many prompts stays below the 8 s of the Data API. */
const PROMPTS_PER_PART = 1_000;

async function save(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals: [name, source] } = readArguments(
    args,
    ["NAME", "run:ID"],
    texts("owner", "description"),
  );
  const runId = /^run:(\d+)$/.exec(source)?.[1];
  if (!runId) {
    throw new WrongUsage(
      `Cannot save ${source}: give run:ID; files are for set import`,
    );
  }
  return await tellSaved(
    openProject(terminal).client,
    "save_prompt_set",
    {
      name,
      run_id: runId,
      owner: values.owner,
      description: values.description,
    },
    terminal,
  );
}

async function importSet(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals: [name, file] } = readArguments(
    args,
    ["NAME", "FILE"],
    texts("owner", "description"),
  );
  const prompts = await readJsonLines(file, terminal);
  const { client } = openProject(terminal);
  let listId: number | null = null;
  for (let sent = 0; sent < prompts.length; sent += PROMPTS_PER_PART) {
    listId = await call<number>(
      client,
      `import line ${sent + 1} and those that follow`,
      "pipeline_send_prompts",
      {
        prompts: prompts.slice(sent, sent + PROMPTS_PER_PART),
        list_id: listId,
        owner: values.owner,
      },
    );
  }
  if (listId === null) {
    throw new WrongUsage(`Cannot import ${file}: it is empty`);
  }
  return await tellSaved(
    client,
    "save_prompt_set",
    {
      name,
      list_id: listId,
      owner: values.owner,
      description: values.description,
    },
    terminal,
  );
}

async function tellSaved(
  client: SupabaseClient,
  how: "save_prompt_set" | "save_corrected_responses",
  given: Record<string, unknown>,
  terminal: Terminal,
): Promise<number> {
  const saved = await call<SavedSet>(client, "save the set", how, given);
  terminal.print(`${saved.name}@${saved.version} has ${saved.prompts} prompts`);
  return EXIT.done;
}

async function list(args: string[], terminal: Terminal): Promise<number> {
  const { values } = readArguments(args, [], { ...owner, ...json });
  const { client } = openProject(terminal);
  const rows = await readAll(async (from, to) =>
    dataOf(
      "list the sets",
      await client.from("prompt_sets")
        .select("name, version, prompts, description, created_at")
        .filter("owner", values.owner ? "eq" : "is", values.owner ?? null)
        .order("name").order("version").range(from, to),
    )
  );
  showRows(rows, {
    json: values.json,
    none: "There is no set yet",
    toCells: ({ created_at, ...row }) => ({
      ...row,
      saved: formatTime(created_at),
    }),
  }, terminal);
  return EXIT.done;
}

async function show(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(args, ["NAME[@VERSION]"], {
    ...owner,
    ...json,
    limit: { type: "string", default: "20" },
  });
  const { client } = openProject(terminal);
  const saved = await findSet(client, positionals[0], values.owner);
  const limit = toNumber("limit", values.limit)!;
  const rows: SetPrompt[] = [];
  for await (const row of readSet(client, saved.id)) {
    if (rows.length === limit) break;
    rows.push(row);
  }
  if (values.json) {
    terminal.print(toVisibleJson({ ...saved, listed: rows }));
    return EXIT.done;
  }
  terminal.print(`${saved.name}@${saved.version}: ${saved.prompts} prompts`);
  terminal.print(
    drawTable(rows.map((row) => ({ ...row })), terminal.columns, [
      "position",
      "key",
      "text",
      "reference",
      "metadata",
    ]),
  );
  return EXIT.done;
}

async function diff(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals: [before, now] } = readArguments(
    args,
    ["NAME@VERSION", "NAME[@VERSION]?"],
    { ...owner, ...json },
  );
  const { name, version } = toSetName(before);
  if (version === undefined) {
    throw new WrongUsage(
      `Cannot compare ${before}: give a version, such as ${before}@1`,
    );
  }
  const other = now === undefined ? undefined : toSetName(now);
  const { client } = openProject(terminal);
  const rows = await readAll(async (from, to) =>
    dataOf(
      "compare the sets",
      await client.rpc("diff_prompt_sets", {
        name,
        version,
        other_name: other?.name ?? null,
        other_version: other?.version ?? null,
        owner: values.owner,
      }).order("change").order("key").range(from, to),
    ) as Record<string, unknown>[]
  );
  showRows(rows, {
    json: values.json,
    none: "They have the same prompts",
    toCells: (row) => ({
      change: row.change,
      key: row.key,
      before: row.text_before,
      now: row.text_now,
      times: `${row.times_before} → ${row.times_now}`,
    }),
  }, { ...terminal, complain: terminal.print });
  return EXIT.done;
}

async function exportSet(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(
    args,
    ["NAME[@VERSION]"],
    owner,
  );
  const { client } = openProject(terminal);
  const saved = await findSet(client, positionals[0], values.owner);
  for await (const prompt of readSet(client, saved.id)) {
    const { position: _, key, key_is_given, ...fields } = prompt;
    const present = Object.entries({
      key: key_is_given ? key : null,
      ...fields,
    })
      .filter(([, value]) => value !== null);
    terminal.print(toVisibleJson(Object.fromEntries(present)));
  }
  return EXIT.done;
}

async function correct(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals: [name, experiment] } = readArguments(
    args,
    ["NAME", "EXPERIMENT?"],
    texts("owner", "label"),
  );
  return await tellSaved(
    openProject(terminal).client,
    "save_corrected_responses",
    {
      name,
      experiment_name: experiment ?? null,
      label_name: values.label ?? null,
      owner: values.owner ?? null,
    },
    terminal,
  );
}

async function deleteSet(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals: [given] } = readArguments(args, [
    "NAME[@VERSION]",
  ], {
    ...owner,
    ...switches("yes"),
  });
  return await deleteIfMeant(`the set ${given}`, values, terminal, async () => {
    const versions = await call<number>(
      openProject(terminal).client,
      "delete the set",
      "delete_prompt_set",
      { ...toSetName(given), owner: values.owner },
    );
    terminal.print(`Deleted ${versions} versions`);
  });
}
