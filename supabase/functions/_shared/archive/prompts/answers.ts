import type { Turn } from "../conversation.ts";

/**
 * For every turn the archived assistant's answer to it: the last words before the next user turn,
 * because an agent comments on its work before it answers. Where an answer was asked for again, the
 * one on the shown branch counts, or else the newest. Undefined where nobody answered.
 */
export function answersOf(turns: Turn[]): (Turn | undefined)[] {
  const answers = new Array<Turn | undefined>(turns.length).fill(undefined);
  const following = followingTurns(turns);
  // Backwards: what follows a turn is known before the turn is looked at.
  for (let index = turns.length - 1; index >= 0; index--) {
    const next = following[index];
    if (next === undefined) continue;
    answers[index] = answers[next] ??
      (turns[next].role === "assistant" ? turns[next] : undefined);
  }
  return answers;
}

/** For every turn the index of the turn after it that no user wrote. */
function followingTurns(turns: Turn[]): (number | undefined)[] {
  const following = new Array<number | undefined>(turns.length);
  for (let index = turns.length - 1; index > 0; index--) {
    const turn = turns[index];
    if (turn.role === "user") continue;
    const before = turn.parent ?? index - 1;
    if (before < 0) continue;
    const chosen = following[before];
    if (
      chosen === undefined ||
      (turns[chosen].offBranch === true && turn.offBranch !== true)
    ) following[before] = index;
  }
  return following;
}
