import type { Underway } from "../data/runs.ts";
import { steer, type Steered } from "../data/steer.ts";
import { Action } from "./action.tsx";
import { toNumber } from "./formats.ts";

/** What can be done with a run, or with all runs of a sweep, as it is. */
export function Steering({ what, of: { id, status, failed }, changed }: {
  what: "run" | "sweep";
  of: Pick<Underway, "id" | "status" | "failed">;
  changed: () => void;
}) {
  const isOver = /completed|failed|cancelled/.test(status);
  const whose = what === "run" ? `run ${id}` : `all runs of sweep ${id}`;
  return (
    <>
      {!isOver && (
        <PauseOrResume
          what={what}
          id={id}
          isPaused={status === "paused"}
          changed={changed}
        />
      )}
      {isOver && failed > 0 && (what === "run" || status !== "cancelled") && (
        <Action
          words={`Retry ${toNumber(failed)} failed`}
          letter="R"
          act={() => steer("retry", what, id)}
          done={changed}
        />
      )}
      {!isOver && (
        <Action
          words="Cancel"
          act={() => steer("cancel", what, id)}
          done={changed}
          question={`Cancel ${whose}? What is answered stays; the rest is not asked.`}
        />
      )}
    </>
  );
}

/** By the same key something is paused and goes on. */
export function PauseOrResume({ what, id, isPaused, changed }: {
  what: Steered;
  id: number;
  isPaused: boolean;
  changed: () => void;
}) {
  const step = isPaused ? "resume" : "pause";
  return (
    <Action
      key={step}
      words={isPaused ? "Resume" : "Pause"}
      letter="P"
      act={() => steer(step, what, id)}
      done={changed}
    />
  );
}
