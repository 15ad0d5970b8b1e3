import fc from "fast-check";
import type { Json } from "../json.ts";

/** A value that no format expects. */
export const strangeValue = fc.constantFrom<Json>(
  null,
  true,
  0,
  -1,
  1e300,
  "",
  " ",
  "user",
  "\u0000\ud800",
  [],
  [null],
  [[]],
  {},
  { role: "user" },
  { text: {} },
);

/** Replaces the value at a place of the archive's JSON by one of another type. */
export function changeValue(
  value: Json,
  place: number[],
  replacement: Json,
): Json {
  if (place.length === 0 || value === null || typeof value !== "object") {
    return replacement;
  }
  const [step, ...rest] = place;
  if (Array.isArray(value)) {
    if (value.length === 0) return replacement;
    const at = step % value.length;
    return value.map((entry, index) =>
      index === at ? changeValue(entry, rest, replacement) : entry
    );
  }
  const keys = Object.keys(value);
  if (keys.length === 0) return replacement;
  const key = keys[step % keys.length];
  return { ...value, [key]: changeValue(value[key]!, rest, replacement) };
}
