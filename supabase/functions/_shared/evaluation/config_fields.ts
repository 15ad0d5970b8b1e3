import * as z from "zod";
import { passagesSchema } from "./passages_choice.ts";
import { referenceSchema } from "./reference.ts";

const name = z.string().max(100)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "must be kebab-case, such as has-greeting")
  .optional()
  .describe(
    "Name of the scores; default: the type. Needed when a run has two evaluators of one type",
  );

const not = z.boolean().optional().describe(
  "The opposite passes, and the score is 1 − score; the default name then begins with not-",
);

const thoughts = z.boolean().optional().describe(
  "What the model thought aloud at the beginning, <think>…</think>, is looked at, too",
);

/** What every evaluator has. */
export const commonFields = { name, not };

/** What evaluators have that look at the text of a response. */
export const responseFields = { ...commonFields, thoughts };

/** What evaluators have that use a reference. */
export const referencedFields = {
  ...responseFields,
  reference: referenceSchema.optional().describe(
    "Where the reference comes from; default: the run's choice, else the archive",
  ),
};

/** For judges that may see passages. */
export const passages = passagesSchema.optional().describe(
  'The judge sees these passages, which a retriever found for the prompt: {"from":"archive"}, {"from":"metadata","path":"…"} or {"value":["…"]}',
);

export const ignoreCase = z.boolean().default(false)
  .describe("Upper and lower case count as the same");

/** A share of 1 from which on a row has passed. */
export function threshold(value: number) {
  return z.number().min(0).max(1).default(value)
    .describe("A row passes from this score on");
}
