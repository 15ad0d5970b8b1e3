import { Buffer } from "node:buffer";

/**
 * A variable as it stands in a message: text as it is, nothing for null, all else as JSON in the form
 * that Postgres gives jsonb, so that the database and this process fill templates alike.
 */
export function variableText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : toJson(value);
}

function toJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toJson).join(", ")}]`;
  if (typeof value === "number") return toDecimal(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => compareKeys(a, b))
    .map(([key, member]) => `${JSON.stringify(key)}: ${toJson(member)}`);
  return `{${members.join(", ")}}`;
}

/** Shorter keys come first in jsonb. */
function compareKeys(a: string, b: string): number {
  return Buffer.byteLength(a) - Buffer.byteLength(b) ||
    Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** A number without an exponent, as Postgres writes numeric. */
function toDecimal(number: number): string {
  const [mantissa, exponent = "0"] = JSON.stringify(number).split("e");
  if (exponent === "0") return mantissa;
  const [, sign, whole, fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(
    mantissa,
  )!;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  return point > 0
    ? sign + digits.padEnd(point, "0")
    : `${sign}0.${"0".repeat(-point)}${digits}`;
}
