import type { Turn } from "../conversation.ts";
import { epochOf } from "../formats/time_of.ts";

/**
 * Turns of a plain list in the order of their times: files may be written newest first, or in any
 * order. A turn without a time stays behind the one before it, and without any the order of the file
 * counts. Turns of a tree are in order.
 */
export function inOrder(turns: Turn[]): Turn[] {
  if (isAscending(turns)) return turns;
  const times = turns.map(({ time }) => epochOf(time));
  const known = times.filter((time) => time !== undefined);
  // Times that are equal say nothing, but the others do: then the end of the list is the beginning.
  const fromEnd =
    known.every((time, index) => index === 0 || time <= known[index - 1]) &&
    known.length === turns.length && known[0] > known.at(-1)!;
  let last = -Infinity;
  const placed = turns.map((turn, index) => {
    last = times[index] ?? last;
    return { turn, time: last, index: fromEnd ? -index : index };
  });
  return placed.sort((a, b) => a.time - b.time || a.index - b.index)
    .map(({ turn }) => turn);
}

/** True for most lists, without reading a time: ISO texts and numbers of one kind compare as they are. */
function isAscending(turns: Turn[]): boolean {
  let before: Turn["time"];
  for (const { time, parent } of turns) {
    if (parent !== undefined) return true;
    if (time === undefined) continue;
    if (before !== undefined && !isInOrder(before, time)) return false;
    before = time;
  }
  return true;
}

function isInOrder(before: Turn["time"], time: Turn["time"]): boolean {
  if (typeof before === "number" && typeof time === "number") {
    return before <= time;
  }
  return typeof before === "string" && typeof time === "string" &&
      before.length === time.length && before.endsWith("Z") &&
      time.endsWith("Z") && before <= time ||
    (epochOf(before) ?? -Infinity) <= (epochOf(time) ?? Infinity);
}
