import type { SupabaseClient } from "@supabase/supabase-js";
import { dataOf } from "../project_access.ts";
import type { ReportData } from "./write_report.ts";

/** Reads what a report tells of an experiment of an owner, null: of the project's own. */
export async function readReport(
  client: SupabaseClient,
  { experiment, baseline, owner }: {
    experiment: string;
    baseline?: string;
    owner: string | null;
  },
): Promise<ReportData> {
  const names = [experiment, ...baseline === undefined ? [] : [baseline]];
  const [summary, costs, scores, errors] = await Promise.all([
    client.rpc("summarize_experiments", { names })
      .filter("owner", owner === null ? "is" : "eq", owner),
    client.from("experiment_costs").select().in("experiment_name", names)
      .filter("owner", owner === null ? "is" : "eq", owner),
    client.rpc("summarize_experiment_scores", { names })
      .filter("owner", owner === null ? "is" : "eq", owner),
    client.from("pipeline_error_groups").select()
      .in("experiment_name", names)
      .filter("owner", owner === null ? "is" : "eq", owner)
      .order("count", { ascending: false }).limit(20),
  ]);
  return {
    experiment,
    baseline,
    summary: dataOf("read experiment_summary", summary),
    costs: dataOf("read experiment_costs", costs),
    scores: dataOf("read experiment_scores", scores),
    errors: dataOf("read pipeline_error_groups", errors),
    ...baseline === undefined
      ? { comparison: [], worse: [] }
      : await readComparison(client, {
        baseline,
        candidate: experiment,
        owner,
      }),
  };
}

async function readComparison(
  client: SupabaseClient,
  sides: { baseline: string; candidate: string; owner: string | null },
): Promise<Pick<ReportData, "comparison" | "worse">> {
  const [comparison, worse] = await Promise.all([
    client.rpc("compare_experiments", sides),
    client.rpc("browse_experiment_pairs", { ...sides, most: 10 }),
  ]);
  return {
    comparison: dataOf("compare the experiments", comparison),
    worse: dataOf("read what became worse", worse).rows,
  };
}
