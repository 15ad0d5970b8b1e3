import { dataOf, project } from "../data/project.ts";
import type { WholeRun } from "../data/runs.ts";
import { Action } from "./action.tsx";

type Step =
  | "pause_pipeline_run"
  | "resume_pipeline_run"
  | "cancel_pipeline_run"
  | "retry_pipeline_run";

/** What can be done with a run as it is. */
export function RunSteering(
  { run, changed }: { run: WholeRun; changed: () => void },
) {
  const act = (step: Step) => async () =>
    dataOf(await project().rest.rpc(step, { run_id: run.id }));
  const isOver = /completed|failed|cancelled/.test(run.status);
  return (
    <>
      {(run.status === "running" || run.status === "queued") && (
        <Action
          words="Pause"
          letter="P"
          act={act("pause_pipeline_run")}
          done={changed}
        />
      )}
      {run.status === "paused" && (
        <Action
          words="Resume"
          letter="P"
          act={act("resume_pipeline_run")}
          done={changed}
        />
      )}
      {isOver && run.failed > 0 && (
        <Action
          words={`Retry ${run.failed} failed`}
          letter="R"
          act={act("retry_pipeline_run")}
          done={changed}
        />
      )}
      {!isOver && (
        <Action
          words="Cancel"
          act={act("cancel_pipeline_run")}
          done={changed}
          question={`Cancel run ${run.id}? What is answered stays; the rest is not asked.`}
        />
      )}
    </>
  );
}
