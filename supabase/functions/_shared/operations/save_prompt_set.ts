import * as z from "zod";
import type { Database } from "../database.ts";
import { runIdSchema } from "../run_id.ts";
import { type Caller, ownerOf } from "./caller.ts";
import { promptsSourceSchema } from "./data_source.ts";
import { operationErrorsSchema } from "./operation_errors.ts";

export const savePromptSetSchema = z.strictObject({
  name: z.string().min(1),
  prompts: promptsSourceSchema.shape.prompts.optional(),
  runId: runIdSchema.optional().describe("What this run has asked"),
  description: z.string().optional(),
}).refine(
  ({ prompts, runId }) => (prompts === undefined) !== (runId === undefined),
  { path: ["prompts"], message: "give either prompts or runId" },
);

export const savePromptSetOutputSchema = z.object({
  name: z.string(),
  version: z.int().describe(
    "A new one, unless the newest has the same prompts, word for word",
  ),
  prompts: z.int().describe("How many it has"),
  errors: operationErrorsSchema,
});

/**
 * Saves prompts as the next version of a set; `{"type": "set", "name"}` is then a data source.
 *
 * @throws {PipelineError} `invalid_request`: what is wrong with the prompts, the run or the name
 */
export async function savePromptSet(
  { name, prompts, runId, description }: z.output<typeof savePromptSetSchema>,
  { caller, database }: { caller: Caller; database: Database },
): Promise<z.output<typeof savePromptSetOutputSchema>> {
  const saved = await database.call("save_prompt_set", {
    name,
    prompts: prompts ?? null,
    run_id: (runId ?? null) as number | null,
    description: description ?? null,
    owner: ownerOf(caller),
  });
  return {
    name: saved!.name,
    version: saved!.version,
    prompts: saved!.prompts,
    errors: [],
  };
}
