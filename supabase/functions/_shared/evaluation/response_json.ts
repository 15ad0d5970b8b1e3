import * as z from "zod";
import { stripCodeFence } from "./text/code_fence.ts";
import { findJsonSpans } from "./text/json_spans.ts";

/** Where the JSON of a response may stand. */
export const jsonFields = {
  allowCodeFence: z.boolean().default(false).describe(
    "JSON may stand in a Markdown code block that is the whole response",
  ),
  where: z.enum(["whole", "anywhere"]).default("whole").describe(
    "anywhere: an object or a list within other words, code blocks among them, will do",
  ),
};

interface JsonPlace {
  allowCodeFence: boolean;
  where: "whole" | "anywhere";
}

/** A response may hold so many objects and lists; later ones are not looked at. */
const MOST_VALUES = 100;

/** The JSON values of a response, at least one, or why there is none. */
export function parseResponse(
  response: string,
  { allowCodeFence, where }: JsonPlace,
): { values: unknown[] } | { problem: string } {
  const text = allowCodeFence ? stripCodeFence(response) : response;
  const whole = parse(text);
  if (!("problem" in whole)) return { values: [whole.value] };
  if (where === "anywhere") {
    const values = findJsonSpans(response, "objects and lists").spans
      .slice(0, MOST_VALUES)
      .map(parse)
      .flatMap((parsed) => "problem" in parsed ? [] : [parsed.value]);
    return values.length > 0
      ? { values }
      : { problem: "no JSON object or list anywhere in it" };
  }
  const hint = !allowCodeFence && stripCodeFence(response) !== response
    ? "; it is in a code block, which allowCodeFence would accept"
    : "";
  return { problem: `not JSON: ${whole.problem}${hint}` };
}

function parse(text: string): { value: unknown } | { problem: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
