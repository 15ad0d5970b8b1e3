import {
  asExpected,
  type HostedProject,
  notTried,
  otherwise,
  type Outcome,
  query,
} from "./hosted_project.ts";

/** How the workers of the last day came and went. */
export async function checkIsolates(project: HostedProject): Promise<Outcome> {
  const [{ workers, cut_off, start, life }] = await query<
    { workers: number; cut_off: number; start: number; life: number }
  >(
    project,
    `select
      count(started_at)::integer as workers,
      count(*) filter (where cut_off)::integer as cut_off,
      round(extract(epoch from percentile_cont(0.5) within group (order by started_at - dispatched_at))::numeric, 2)::float as start,
      extract(epoch from max(ended_at - started_at))::integer as life
    from pipeline.workers`,
  );
  if (workers === 0) {
    return notTried(
      "no worker has started in the last day: start a run with three archives of 40 MB, and look again",
    );
  }
  const words =
    `${workers} workers, half of them there within ${start} s, the longest lived ${life} s, ${cut_off} were cut off`;
  return cut_off === 0 ? asExpected(words) : otherwise(
    `${words}: look for CPUTime, WallClockTime or Memory in the functions' logs`,
  );
}
