import { OPERATIONS } from "../../../supabase/functions/_shared/operations/operations.ts";
import type {
  FoundTable,
  Mapping,
} from "../../dashboard/browser/data/tables.ts";
import { type Command, EXIT } from "../command.ts";
import { cut, drawTable } from "../draw_table.ts";
import { call, openProject } from "../project_access.ts";
import { readArguments, switches, texts, toNumber } from "../read_arguments.ts";
import { toTableName } from "../read_source.ts";
import { withTableOptions } from "../table_options.ts";
import { toVisible, toVisibleJson } from "../visible_text.ts";

export const sources: Command = {
  summary: "Tables of the project that have conversations",
  help: `Usage: deno task pipeline sources [TABLE] [options]

Without TABLE: every table and view of the project that looks like conversations, with what it is taken
for, rows, conversations and the first prompt. With TABLE: what its columns are taken for, and the first
prompts as a run would ask them. Nothing is asked and nothing is stored.

Options:
  --columns JSON   what the columns are, where they are not recognised: conversation, role, content or
                   message (JSON with both), messages (whole conversations), prompt and answer (pairs),
                   time, order, id, key, model, feedback, metadata (a list)
  --where JSON     only rows whose columns have these values
  --limit N        prompts to show; default 5
  --json

Exit code: 0 found, 3 none, or none of its prompts could be read, 1 the table cannot be read.

Examples:
  deno task pipeline sources
  deno task pipeline sources public.messages
  deno task pipeline sources table:notes --columns '{"conversation": "ticket", "role": "who", "content": "body"}'`,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args, ["TABLE?"], {
      ...texts("columns", "where"),
      ...switches("json"),
      limit: { type: "string", default: "5" },
    });
    const { client, services } = openProject(terminal);
    const found = await call<FoundTable[]>(
      client,
      "look for tables",
      "prompt_sources",
      { most_prompts: toNumber("limit", values.limit) },
    );
    const print = (line: string) => terminal.print(toVisible(line));
    const [name] = positionals;
    if (name === undefined) {
      if (values.json) terminal.print(toVisibleJson(found));
      else showAll(found, terminal.columns, print);
      return found.length === 0 ? EXIT.somethingFailed : EXIT.done;
    }
    const source = withTableOptions(
      { type: "table", table: toTableName(name) ?? name },
      values,
    );
    const { prompts, errors } = await OPERATIONS.extract_prompts.run({
      dataSource: source,
      maxPrompts: toNumber("limit", values.limit),
    }, services);
    const mapping = await call<Mapping>(
      client,
      "look at the table",
      "describe_prompt_source",
      { source },
    );
    if (values.json) {
      terminal.print(toVisibleJson({ ...mapping, prompts, errors }));
    } else showOne(mapping, prompts, terminal.columns, print);
    for (const { message } of errors.slice(0, 5)) {
      terminal.complain(toVisible(message));
    }
    return prompts.length === 0 ? EXIT.somethingFailed : EXIT.done;
  },
};

function showAll(
  found: FoundTable[],
  columns: number,
  print: (line: string) => void,
): void {
  const readable = found.filter(({ problem }) => problem === null);
  if (readable.length > 0) {
    const rows = readable.map((source) => ({
      table: source.table_name,
      layout: source.layout,
      rows: source.rows,
      conversations: source.conversations,
      first: source.first_prompts[0],
    }));
    print(drawTable(rows, columns));
  }
  for (const { table_name, problem } of found) {
    if (problem !== null) print(`${table_name}: ${problem}`);
  }
  if (found.length === 0) print("No table looks like conversations");
}

function showOne(
  mapping: Mapping,
  prompts: { text: string; reference?: string }[],
  columns: number,
  print: (line: string) => void,
): void {
  const told: Record<string, unknown> = {
    table: mapping.table,
    layout: `${mapping.layout} (${mapping.family})`,
    ...mapping.columns,
    "primary key": mapping.id.join(", "),
    "new by": mapping.news ?? "nothing tells what is new",
    notice: mapping.notice,
  };
  for (const [name, value] of Object.entries(told)) {
    if (value === null) continue;
    const text = typeof value === "string" ? value : JSON.stringify(value);
    print(`${name.padEnd(14)}${text}`);
  }
  prompts.forEach(({ text, reference }, index) => {
    print(cut(`${index + 1}  ${text.replace(/\s+/g, " ")}`, columns));
    if (reference !== undefined) {
      print(cut(`   → ${reference.replace(/\s+/g, " ")}`, columns));
    }
  });
}
