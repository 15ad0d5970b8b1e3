import type { SupabaseClient } from "@supabase/supabase-js";
import { PipelineError } from "../../../supabase/functions/_shared/errors.ts";
import type { LabelQueue } from "../../dashboard/browser/data/label_queue_answer.ts";
import { call } from "../project_access.ts";

/** Queues of an owner, the newest first, with what is left for a person. */
export async function readLabelQueues(
  client: SupabaseClient,
  owner: string | undefined,
  person = "",
): Promise<LabelQueue[]> {
  const queues = await call<LabelQueue[]>(
    client,
    "list the label queues",
    "list_evaluation_label_queues",
    { person },
  );
  return queues.filter((queue) => queue.owner === (owner ?? null));
}

/** @throws {PipelineError} `not_found`: there is no such queue */
export async function findLabelQueue(
  client: SupabaseClient,
  name: string,
  owner: string | undefined,
): Promise<LabelQueue> {
  const found = (await readLabelQueues(client, owner)).find((queue) =>
    queue.name === name
  );
  if (found) return found;
  throw new PipelineError(
    "not_found",
    `Cannot find label queue "${name}". There are: deno task pipeline labels list`,
  );
}
