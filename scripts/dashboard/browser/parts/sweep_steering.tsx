import { steerSweep, type SweepProgress } from "../data/sweeps.ts";
import { Action } from "./action.tsx";
import { toNumber } from "./formats.ts";

/** What can be done with all runs of a sweep as it is. */
export function SweepSteering(
  { sweep, changed }: { sweep: SweepProgress; changed: () => void },
) {
  const { id, status, failed } = sweep;
  const act = (step: Parameters<typeof steerSweep>[0]) => () =>
    steerSweep(step, id);
  const isOver = /completed|failed|cancelled/.test(status);
  return (
    <>
      {(status === "running" || status === "queued") && (
        <Action words="Pause" letter="P" act={act("pause")} done={changed} />
      )}
      {status === "paused" && (
        <Action words="Resume" letter="P" act={act("resume")} done={changed} />
      )}
      {isOver && status !== "cancelled" && failed > 0 && (
        <Action
          words={`Retry ${toNumber(failed)} failed`}
          letter="R"
          act={act("retry")}
          done={changed}
        />
      )}
      {!isOver && (
        <Action
          words="Cancel"
          act={act("cancel")}
          done={changed}
          question={`Cancel all runs of sweep ${id}? What is answered stays; the rest is not asked.`}
        />
      )}
    </>
  );
}
