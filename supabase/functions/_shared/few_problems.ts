import * as z from "zod";

const MOST_PROBLEMS = 100;

/** How many problems a parse has found so far, by its context. */
const found = new WeakMap<object, number>();

/**
 * Makes a schema of list items stop looking for problems once a parse has found a hundred: zod keeps
 * each with its path, and a body of half a megabyte can hold more of them than an isolate has memory
 * for. Everything else about the schema, its description as JSON Schema too, stays as it is.
 */
export function fewProblems<Item extends z.ZodType>(item: Item): Item {
  const { run } = item._zod;
  item._zod.run = (payload, context) => {
    const before = found.get(context) ?? 0;
    if (before >= MOST_PROBLEMS) return payload;
    const result = run(payload, context) as z.core.ParsePayload;
    if (result.issues.length > 0) {
      found.set(context, before + result.issues.length);
    }
    return result;
  };
  return item;
}
