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
  String.raw`(?:\r?\n)?^${escape(BEGIN)}$([^]*?)^${escape(END)}$(?:\r?\n)?`,
  "m",
);

/**
 * A config.toml with the lines of these functions, in a block of comments at its end. Everything else
 * keeps its text, and the result is read again to see that it says what it said, and ours
 * (by @decimalturn/toml-patch, as pgflow does, pgflow-dev/pgflow PR 246).
 * What somebody has added to our tables, such as `enabled = false`, stays.
 *
 * @throws {PipelineError} something else would be lost
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
  const wanted = {
    ...parse(text) as Table,
    functions: { ...own, ...Object.fromEntries(ours) },
  };
  if (says(text, wanted)) return text;
  const theirs = withoutTables(text, Object.keys(lines));
  const block = toBlock(ours);
  const result = theirs +
    (text.includes("\r\n") ? block.replaceAll("\n", "\r\n") : block);
  if (says(result, wanted) && !hasRemarks(text)) return result;
  // Tables at the end of the file cannot be added to a `functions = {…}`: it is written in place.
  const patched = BLOCK.test(text) ? text : patch(text, wanted);
  if (says(patched, wanted)) return patched;
  throw notOurs("write", Object.keys(lines));
}

/**
 * The same config.toml without the lines of these functions.
 *
 * @throws {PipelineError} one of them cannot be told from what is around it
 */
export function withoutFunctionLines(text: string, names: string[]): string {
  const wanted = parse(text) as { functions?: Table };
  for (const name of names) delete wanted.functions?.[name];
  const rest = withoutTables(text, names);
  if (says(rest, wanted) && !hasRemarks(text)) return rest;
  throw notOurs("take out", names);
}

/** As text: patch() of 3.3.0 would take the comment above the next table along. */
function withoutTables(text: string, names: string[]): string {
  return names.reduce(
    (rest, name) => rest.replace(tableOf(name), ""),
    withoutBlock(text),
  );
}

function notOurs(doing: string, names: string[]): PipelineError {
  return new PipelineError(
    "conflict",
    `Cannot ${doing} the functions ${
      names.join(", ")
    } in supabase/config.toml: they are not tables of their own, or something else is between our two comments. Move what is not ours out of that block, or take our lines out by hand, then repeat`,
  );
}

/** The tables of functions in a config.toml. */
export function functionsOf(text: string): Table {
  return (parse(text) as { functions?: Table }).functions ?? {};
}

function withoutBlock(text: string): string {
  const found = BLOCK.exec(text);
  if (!found) return text;
  const before = text.slice(0, found.index);
  const after = text.slice(found.index + found[0].length);
  const isLine = /(^|\n)$/.test(before) || after === "";
  return `${before}${isLine ? "" : "\n"}${after}`;
}

/** Whether somebody has put comments of their own between ours. */
function hasRemarks(text: string): boolean {
  return /^[ \t]*#/m.test(BLOCK.exec(text)?.[1] ?? "");
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
  return `\n${BEGIN}\n${tables.join("\n")}${END}\n`;
}

function says(text: string, wanted: Table): boolean {
  try {
    return isDeepStrictEqual(toPlain(parse(text) as Table), toPlain(wanted));
  } catch {
    return false;
  }
}

/** Without the classes and prototypes of a parser, and no functions as nothing. */
function toPlain(value: Table): unknown {
  const { functions, ...others } = JSON.parse(JSON.stringify(value));
  return Object.keys(functions ?? {}).length === 0
    ? others
    : { functions, ...others };
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
