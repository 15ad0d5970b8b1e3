import type { Refusal } from "./refusal.ts";

/** What was written into a field and cannot be read. */
export class WrongField extends Error {
  override readonly name = "WrongField";
  /** @param field its name in the query of the address */
  constructor(readonly field: string, message: string) {
    super(message);
  }
}

/** What was written, or why it cannot be read. */
export function attempt<Read>(
  read: () => Read,
): { read: Read; refusal?: undefined } | {
  read?: undefined;
  refusal: Refusal;
} {
  try {
    return { read: read() };
  } catch (error) {
    if (!(error instanceof WrongField)) throw error;
    return { refusal: { field: error.field, words: error.message } };
  }
}

/** A number that was written; undefined: none was. @throws {WrongField} it is none, which must not count as no limit */
export function readNumber(
  query: Record<string, string>,
  name: string,
): number | undefined {
  const text = query[name]?.trim() ?? "";
  if (text === "") return undefined;
  const number = toNumber(text);
  if (number !== undefined) return number;
  throw new WrongField(name, `"${text}" is no number; write one such as 0.5`);
}

/** Undefined: it is none. */
export function toNumber(text: string): number | undefined {
  const number = Number(text.trim() || NaN);
  return Number.isFinite(number) ? number : undefined;
}

/** What was written line by line, or with commas between it. */
export function readList(text = "", separator = "\n"): string[] {
  return text.split(separator).map((part) => part.trim())
    .filter((part) => part !== "");
}

/** Undefined: it is no JSON. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
