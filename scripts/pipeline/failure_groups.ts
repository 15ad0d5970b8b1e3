import type { RunId } from "../../supabase/functions/_shared/run_id.ts";
import type { SupabaseClient } from "@supabase/supabase-js";
import { dataOf } from "./project_access.ts";

/** Errors of one kind in a run. */
export interface FailureGroup {
  stage: string;
  class: string;
  code: string;
  /** false: a retry followed. */
  final: boolean;
  count: number;
  example: string;
}

/** Why a run's tasks failed, by kind, the commonest first. */
export async function readFailureGroups(
  client: SupabaseClient,
  runId: RunId,
): Promise<FailureGroup[]> {
  return dataOf(
    "read pipeline_error_groups",
    await client.from("pipeline_error_groups")
      // All of them: a column named count alone is taken for the aggregate.
      .select().eq("run_id", runId)
      .order("count", { ascending: false }).limit(100),
  );
}

/** A line for each kind, such as `6 × HTTP 400: …`. */
export function describeFailures(groups: FailureGroup[]): string[] {
  return groups.map(({ count, example }) => `  ${count} × ${example}`);
}
