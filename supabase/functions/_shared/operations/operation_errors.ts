import * as z from "zod";

/** The `errors` of every answer: empty when all went well. */
export const operationErrorsSchema = z.array(z.object({
  code: z.string(),
  message: z.string(),
  context: z.record(z.string(), z.any()).optional().describe(
    "Where: file, prompt (index), batch (number), path (in the request)",
  ),
}));
