import { quote } from "./insert_sql.ts";

/**
 * The statement that calls a function with named arguments, to be run in any SQL editor; lists are
 * lists of texts. https://www.postgresql.org/docs/current/sql-syntax-calling-funcs.html
 */
export function toCall(
  name: string,
  args: Record<string, string | number | boolean | string[]>,
): string {
  const written = Object.entries(args).map(([argument, value]) =>
    `${argument} => ${toLiteral(argument, value)}`
  );
  return `select ${name}(\n  ${written.join(",\n  ")}\n);`;
}

function toLiteral(
  argument: string,
  value: string | number | boolean | string[],
): string {
  if (typeof value === "string") return quote(value);
  if (!Array.isArray(value)) return String(value);
  const type = argument === "reviewers" ? "::uuid[]" : "";
  return `array[${value.map(quote).join(", ")}]${type}`;
}
