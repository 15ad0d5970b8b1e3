import { steerWatch, type WatchStatus } from "../data/watches.ts";
import { Action } from "./action.tsx";

/** A watch is paused and goes on by the same key. */
export function WatchSteering(
  { status: { id, status }, changed }: {
    status: WatchStatus;
    changed: () => void;
  },
) {
  return status === "paused"
    ? (
      <Action
        key="resume"
        words="Resume"
        letter="P"
        act={() => steerWatch("resume", id)}
        done={changed}
      />
    )
    : (
      <Action
        key="pause"
        words="Pause"
        letter="P"
        act={() => steerWatch("pause", id)}
        done={changed}
      />
    );
}
