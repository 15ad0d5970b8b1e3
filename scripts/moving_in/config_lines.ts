import { isDeepStrictEqual } from "node:util";
import { parse, patch, stringify } from "@decimalturn/toml-patch";
import { PipelineError } from "../../supabase/functions/_shared/errors.ts";

/** What config.toml is to say of a function; paths are relative to the `supabase` folder. */
export interface FunctionLines {
  verify_jwt: boolean;
  entrypoint: string;
  import_map: string;
}

type Table = Record<string, unknown>;

const BEGIN =
  "# prompt-pipeline: these lines are written by `pipeline add` and taken out by `pipeline remove`.";
const END = "# prompt-pipeline: end";
const BLOCK = new RegExp(
  String.raw`(\r?\n)*^${escape(BEGIN)}$[^]*?^${escape(END)}$(\r?\n)?`,
  "m",
);

/**
 * A config.toml with the lines of these functions, in a block of comments at its end. Everything else keeps its text, and the result is read again to see that it says what it said, and ours
 * (by @decimalturn/toml-patch, as pgflow does, pgflow-dev/pgflow PR 246).
 * What somebody has added to our tables, such as `enabled = false`, stays.
 *
 * @throws Error the text is no TOML
 */
export function withFunctionLines(
  text: string,
  lines: Record<string, FunctionLines>,
): string {
  const own = functionsOf(text);
  const ours = Object.entries(lines).map(([name, line]): [string, Table] => [
    name,
    { ...own[name] as Table, ...line },
  ]);
  const names = Object.keys(lines);
  const theirs = cutTables(withoutBlock(text), names) ?? withoutBlock(text);
  const config = parse(theirs) as Table & { functions?: Table };
  const wanted = {
    ...config,
    functions: { ...config.functions, ...Object.fromEntries(ours) },
  };
  const written = `${theirs}${newLineAfter(theirs)}${toBlock(ours)}`;
  const result = text.includes("\r\n")
    ? written.replaceAll(/\r?\n/g, "\r\n")
    : written;
  // Tables at the end of the file cannot be added to a `functions = {…}`: it is written in place.
  return says(result, wanted) ? result : patch(theirs, wanted);
}

/**
 * The same config.toml without the lines of these functions.
 *
 * @throws {PipelineError} one of them cannot be told from what is around it
 */
export function withoutFunctionLines(text: string, names: string[]): string {
  const rest = cutTables(withoutBlock(text), names);
  if (rest !== undefined) return rest;
  throw new PipelineError(
    "conflict",
    `Cannot take the functions ${
      names.join(", ")
    } out of supabase/config.toml: they are not written as tables of their own. Take them out by hand, then repeat`,
  );
}

/** As text: patch() of 3.3.0 would take the comment above the next table along. Undefined: it cannot. */
function cutTables(text: string, names: string[]): string | undefined {
  const wanted = parse(text) as { functions?: Table };
  let rest = text;
  for (const name of names.filter((name) => name in (wanted.functions ?? {}))) {
    rest = rest.replace(tableOf(name), "");
    delete wanted.functions![name];
  }
  if (Object.keys(wanted.functions ?? {}).length === 0) delete wanted.functions;
  return says(rest, wanted) ? rest : undefined;
}

/** The tables of functions in a config.toml. */
export function functionsOf(text: string): Table {
  return (parse(text) as { functions?: Table }).functions ?? {};
}

function withoutBlock(text: string): string {
  return text.replace(BLOCK, (block) => block.startsWith("#") ? "" : "\n");
}

/** Its header and the lines of its keys. */
function tableOf(name: string): RegExp {
  return new RegExp(
    String.raw`^\[functions\.${
      escape(name)
    }\].*(\r?\n(?![ \t]*(\[|#|\r?$)).+)*(\r?\n)*`,
    "m",
  );
}

function toBlock(functions: [string, Table][]): string {
  const tables = functions.map(([name, table]) =>
    `[functions.${name}]\n${stringify(table)}`
  );
  return `${BEGIN}\n${tables.join("\n")}${END}\n`;
}

function newLineAfter(text: string): string {
  return text === "" || text.endsWith("\n\n")
    ? ""
    : text.endsWith("\n")
    ? "\n"
    : "\n\n";
}

function says(text: string, wanted: Table): boolean {
  try {
    return isDeepStrictEqual(toPlain(parse(text)), toPlain(wanted));
  } catch {
    return false;
  }
}

/** Without the classes and prototypes of a parser. */
function toPlain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
