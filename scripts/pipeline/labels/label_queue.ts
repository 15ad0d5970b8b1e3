import type { SupabaseClient } from "@supabase/supabase-js";
import { PipelineError } from "../../../supabase/functions/_shared/errors.ts";
import { dataOf } from "../project_access.ts";

/** A row of list_evaluation_label_queues(), as far as it is used. */
export interface LabelQueue {
  id: number;
  name: string;
  label_name: string;
  kind: "pass" | "score" | "category" | "pair";
  categories: string[] | null;
  lowest: number | null;
  highest: number | null;
  instructions: string;
  people: number;
  experiment_name: string | null;
  chosen: string | null;
  evaluator: string | null;
  owner: string | null;
  closed_at: string | null;
  items: number;
  finished: number;
  labels: number;
  mine: number;
  open: number;
}

/** What a reviewer is shown of an answer that is to be labelled. */
export interface LabelItem {
  id: number;
  position: number;
  prompt: {
    system: string | null;
    turns: { role: string; content: string }[];
    text: string;
  };
  reference: string | null;
  responses: { response: string | null }[];
}

/** Queues of an owner, the newest first, with what is left for a person. */
export async function readLabelQueues(
  client: SupabaseClient,
  owner: string | undefined,
  person = "",
): Promise<LabelQueue[]> {
  const queues = dataOf(
    "list the label queues",
    await client.rpc("list_evaluation_label_queues", { person }),
  ) as LabelQueue[];
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
