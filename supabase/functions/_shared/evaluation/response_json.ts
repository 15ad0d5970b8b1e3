import * as z from "zod";
import { stripCodeFence } from "./text/code_fence.ts";

export const allowCodeFence = z.boolean().default(false)
  .describe(
    "JSON may stand in a Markdown code block that is the whole response",
  );

/** Parses a response as JSON, or says why it is not. */
export function parseResponse(
  response: string,
  options: { allowCodeFence: boolean },
): { value: unknown } | { problem: string } {
  const text = options.allowCodeFence ? stripCodeFence(response) : response;
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const hint =
      !options.allowCodeFence && stripCodeFence(response) !== response
        ? "; it is in a code block, which allowCodeFence would accept"
        : "";
    return { problem: `not JSON: ${(error as Error).message}${hint}` };
  }
}
