/** Any value that `JSON.parse` can give. */
export type Json = string | number | boolean | null | Json[] | JsonObject;

/** A JSON object; a key that is absent reads as undefined. */
export interface JsonObject {
  [key: string]: Json | undefined;
}

/** True for a JSON object, false for arrays, null and scalars. */
export function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** The object itself, or one without members in place of anything else. */
export function objectOrEmpty(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

/** The objects of a list; anything else, null entries included, is left out. */
export function objectsOf(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The first object of a list, or undefined; formats are recognised by it. */
export function firstObject(value: Json | undefined): JsonObject | undefined {
  return Array.isArray(value) ? value.find(isObject) : undefined;
}

/** An id or name: strings that are not empty, numbers as text. */
export function textOrUndefined(value: Json | undefined): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" ? String(value) : undefined;
}

/** True for a list of strings that is not empty. */
export function isTextList(value: Json | undefined): boolean {
  return Array.isArray(value) && value.length > 0 &&
    value.every((entry) => typeof entry === "string");
}
