import type { Project } from "./project.ts";

/** Resolves when the archive's task has a checkpoint beyond so many bytes of the file. */
export async function untilCheckpoint(
  project: Project,
  runId: number,
  bytes: number,
) {
  for (let waited = 0; waited < 30_000; waited += 10) {
    const [task] = await project.sql`
      select (payload -> 'cursor' ->> 'offset')::bigint as "offset"
      from pipeline_tasks where run_id = ${runId} and key like 'archive:%'
    `;
    if (Number(task?.offset ?? 0) > bytes) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("There is no checkpoint after 30 s");
}
