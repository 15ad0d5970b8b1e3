import type { Turn } from "../conversation.ts";
import { type Json, type JsonObject, textOrUndefined } from "../json.ts";

/** What an archive tells of a message besides its author and words. */
export interface MessageFacts {
  id?: Json;
  time?: Json;
  model?: Json;
}

/** The turn of a message; undefined when nobody whom roles know said anything in it. */
export function textTurn(
  role: Turn["role"] | undefined,
  text: Json | undefined,
  { id, time, model }: MessageFacts = {},
): Turn | undefined {
  if (role === undefined || typeof text !== "string" || text === "") {
    return undefined;
  }
  const turn: Turn = { role, text };
  const ownId = textOrUndefined(id);
  if (ownId !== undefined) turn.id = ownId;
  if (time !== undefined && time !== null) turn.time = time;
  const ownModel = textOrUndefined(model);
  if (ownModel !== undefined) turn.model = ownModel;
  return turn;
}

/** Puts a system prompt before turns that have none. */
export function withSystem(system: Json | undefined, turns: Turn[]): Turn[] {
  return turns[0]?.role === "system"
    ? turns
    : turnsOf([textTurn("system", system), ...turns]);
}

/** Tells something of the last prompt, if there is one. */
export function describeLastPrompt(
  turns: readonly Turn[],
  metadata: JsonObject | undefined,
): void {
  const last = turns.findLast(({ role }) => role === "user");
  if (last && metadata) last.metadata = metadata as Turn["metadata"];
}

/** The turns that there are. */
export function turnsOf(turns: (Turn | undefined)[]): Turn[] {
  return turns.filter((turn) => turn !== undefined);
}
