import type { ArchiveError } from "../archive/archive_error.ts";
import type { PromptEvent } from "../archive/archive_event.ts";
import type { LeftOut } from "../archive/left_out_tally.ts";
import type { ExtractOptions } from "../archive/options.ts";
import { placeOf } from "../archive/prompts/place.ts";
import { promptRank } from "../archive/prompts/sample.ts";
import type { ArchiveName } from "../archive/read_archive.ts";
import { keyOf } from "../prompt_key.ts";
import type { Loss, TaskToEnqueue } from "../queue/task_queue.ts";

/** The task that asks a prompt. */
export function promptTask(
  found: PromptEvent,
  options: ExtractOptions,
): TaskToEnqueue {
  const { prompt } = found;
  const key = options.dedupe ? keyOf(prompt) : placeOf(found);
  const task: TaskToEnqueue = { stage: "execute", key, prompt };
  if (options.sample === undefined || options.sample < 1) return task;
  // A sample of n can only be drawn when all prompts are known: the database does it.
  const rank = promptRank(found, options);
  return { ...task, rank, availableAt: "infinity" };
}

/** What could not be read, as errors of a run tell it. */
export function toLoss(
  { code, message, ...place }: ArchiveError | LeftOut,
  archive: ArchiveName,
): Loss {
  return { code, message, place: { ...archive, ...place } };
}
