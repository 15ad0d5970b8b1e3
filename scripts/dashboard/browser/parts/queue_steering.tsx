import { mayChange } from "../data/grader.ts";
import type { LabelQueue } from "../data/label_queue_answer.ts";
import { endQueue } from "../data/label_queues.ts";
import { Action } from "./action.tsx";

/** A queue is closed, then nothing more is given out, or deleted; labels stay. Absent for who labels it for somebody else. */
export function QueueSteering(
  { queue: { id, owner, closed_at }, changed, deleted }: {
    queue: LabelQueue;
    changed: () => void;
    deleted: () => void;
  },
) {
  if (!mayChange(owner)) return null;
  return (
    <>
      {closed_at === null && (
        <Action
          isAllowed
          words="Close"
          act={() => endQueue("close", id)}
          done={changed}
          question="Close this queue? Nothing more is given out; labels stay."
        />
      )}
      <Action
        isAllowed
        words="Delete"
        act={() => endQueue("delete", id)}
        done={deleted}
        question="Delete this queue? Its labels stay."
      />
    </>
  );
}
