import { graderName } from "./grader.ts";
import type {
  LabelItem,
  LabelProgress,
  LabelQueue,
} from "./label_queue_answer.ts";
import { keepWords } from "./kept_words.ts";
import { callFunction } from "./project.ts";

/** What somebody says of an item; the kind of the queue tells which of the first three. */
export interface Said {
  passed?: boolean;
  score?: number;
  category?: string;
  remark: string | null;
  corrected_response: string | null;
}

/** What this person may label yet. */
export function leftOf({ open, skipped }: LabelProgress): number {
  return open + skipped;
}

/** Reads the queues that may be labelled here, newest first. */
export function readLabelQueues(signal: AbortSignal): Promise<LabelQueue[]> {
  return callFunction(
    "list_evaluation_label_queues",
    { person: graderName() },
    signal,
  );
}

/** Ends a queue; its labels stay. @throws Error saying what the project said */
export function endQueue(
  step: "close" | "delete",
  queue_id: number,
): Promise<unknown> {
  return callFunction(`${step}_evaluation_label_queue`, { queue_id });
}

/** What this person asks of one queue. */
export function labelCallsOf(queue_id: number) {
  const person = graderName();
  return {
    claim: () =>
      callFunction<{ items: LabelItem[]; progress: LabelProgress }>(
        "claim_evaluation_label",
        { queue_id, person },
      ),
    async submit(item_id: number, said: Said) {
      await callFunction("submit_evaluation_label", {
        item_id,
        person,
        ...said,
      });
      keepWords(item_id, undefined);
    },
    skip: (item_id: number) =>
      callFunction("skip_evaluation_label", { item_id, person }),
    undo: () =>
      callFunction<LabelItem | null>("undo_evaluation_label", {
        queue_id,
        person,
      }),
  };
}
