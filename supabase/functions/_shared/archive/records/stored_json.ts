import type { Json } from "../json.ts";
import { parseJson } from "./parse_json.ts";

/** JSON that a program stored as text, in a column or a cell; any other value as it is. */
export function storedJson(value: Json | undefined): Json | undefined {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return parseJson(value);
  } catch {
    // Text that only begins like JSON.
    return value;
  }
}
