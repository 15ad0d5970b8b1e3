import { pooledMap } from "@std/async/pool";
import type { SupabaseClient } from "@supabase/supabase-js";
import { PipelineError } from "../../../supabase/functions/_shared/errors.ts";
import { readAll } from "../../project/read_all.ts";
import { call, dataOf } from "../project_access.ts";
import type { SheetLabel, SheetProblem } from "./label_sheet.ts";

/**
 * Stores labels of a person, several at a time.
 *
 * @returns those that were refused
 */
export async function storeLabels(
  client: SupabaseClient,
  labels: SheetLabel[],
  queueId: number,
  person: string,
): Promise<SheetProblem[]> {
  const ids = await readItemIds(client, queueId);
  const results = pooledMap(
    8,
    labels,
    async ({ row, ...label }): Promise<SheetProblem | undefined> => {
      if (!ids.has(label.item_id)) {
        return {
          row,
          column: "item",
          problem:
            `${label.item_id} is no item of this queue. Was the sheet exported from another one?`,
        };
      }
      try {
        await call(client, "store the label", "submit_evaluation_label", {
          ...label,
          person,
        });
      } catch (error) {
        if (!(error instanceof PipelineError)) throw error;
        return { row, column: "label", problem: error.message };
      }
    },
  );
  return (await Array.fromAsync(results)).filter((result) =>
    result !== undefined
  );
}

async function readItemIds(
  client: SupabaseClient,
  queueId: number,
): Promise<Set<number>> {
  const rows = await readAll(async (from, to) =>
    dataOf(
      "read the items",
      await client.from("evaluation_label_items").select("id")
        .eq("queue_id", queueId).order("position").range(from, to),
    )
  );
  return new Set(rows.map(({ id }) => id));
}
