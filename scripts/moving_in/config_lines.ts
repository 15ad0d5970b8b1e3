import { isDeepStrictEqual } from "node:util";
import { parse, patch, stringify, TomlFormat } from "@decimalturn/toml-patch";

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
 * A config.toml with the lines of these functions, in a block of comments at its end. Everything else
 * keeps its text: only @decimalturn/toml-patch changes it (as pgflow does, pgflow-dev/pgflow PR 246), and
 * the result is read again to see that it says what it said, and ours. What somebody has added to our
 * tables, such as `enabled = false`, stays.
 *
 * @throws Error the text is no TOML
 */
export function withFunctionLines(
  text: string,
  lines: Record<string, FunctionLines>,
): string {
  const theirs = withoutFunctionLines(text, Object.keys(lines));
  const own = functionsOf(text);
  const ours = Object.fromEntries(
    Object.entries(lines).map((
      [name, wanted],
    ) => [name, { ...own[name] as Table, ...wanted }]),
  );
  const { functions = {}, ...rest } = parse(theirs) as Table;
  const wanted = { ...rest, functions: { ...functions as Table, ...ours } };
  const written = `${theirs}${newLineAfter(theirs)}${toBlock(ours)}`;
  const result = text.includes("\r\n")
    ? written.replaceAll(/\r?\n/g, "\r\n")
    : written;
  // Tables at the end of the file cannot be added to a `functions = {…}`: it is written in place.
  return says(result, wanted) ? result : patch(theirs, wanted);
}

/** The same config.toml without the lines of these functions, wherever in it they are. */
export function withoutFunctionLines(text: string, names: string[]): string {
  const rest = text.replace(BLOCK, (block) => block.startsWith("#") ? "" : "\n");
  const config = parse(rest) as Table;
  const left = Object.entries((config.functions ?? {}) as Table)
    .filter(([name]) => !names.includes(name));
  if (left.length === Object.keys(functionsOf(rest)).length) return rest;
  const { functions: _, ...others } = config;
  return patch(
    rest,
    left.length > 0
      ? { ...others, functions: Object.fromEntries(left) }
      : others,
  );
}

/** The tables of functions in a config.toml. */
export function functionsOf(text: string): Record<string, unknown> {
  return (parse(text) as { functions?: Table }).functions ?? {};
}

function toBlock(functions: Record<string, Table>): string {
  const format = TomlFormat.default();
  format.inlineTableStart = 3;
  return `${BEGIN}\n${stringify({ functions }, format).trim()}\n${END}\n`;
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
