/** An object as `JSON.parse` makes it. */
export type JsonObject = Record<string, unknown>;

/** True for an object that is neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The array itself, or an empty one for anything else. */
export function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The object itself, or an empty one for anything else. */
export function asObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** The string itself, or undefined for anything else. */
export function asString(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A token count: from 0 to a billion, rounded, because it is stored as an integer; else undefined. */
export function asCount(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && value <= 1e9
    ? Math.round(value)
    : undefined;
}
