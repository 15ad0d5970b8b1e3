import { isObject, type Json } from "../../json.ts";

/** True for a `mapping` in either form in which it comes: an object, or keys and values in a list. */
export function isMapping(mapping: Json | undefined): boolean {
  return isObject(mapping) ||
    (Array.isArray(mapping) && (mapping.length === 0 ||
      (typeof mapping[0] === "string" && mapping.length % 2 === 0)));
}

/** The keys and values of a `mapping`, in the order of the file. */
export function* mappingEntries(
  mapping: Json | undefined,
): Generator<[string, Json]> {
  if (Array.isArray(mapping)) {
    for (let index = 0; index + 1 < mapping.length; index += 2) {
      yield [String(mapping[index]), mapping[index + 1]];
    }
  } else if (isObject(mapping)) {
    for (const key of Object.keys(mapping)) yield [key, mapping[key]!];
  }
}
