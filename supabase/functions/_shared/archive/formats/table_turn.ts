import type { Turn } from "../conversation.ts";
import { isObject, type JsonObject, textOrUndefined } from "../json.ts";
import type { RecordLink } from "./event_format.ts";
import { messageTurn } from "./list_turns.ts";

/**
 * The turn of a message that is a row of a table. Beside its own columns a row of a source of type table
 * has `prompt_metadata`, which becomes metadata of the prompt, and `prompt_key`, which takes the place of
 * the key that its words have.
 */
export function tableTurn(
  row: JsonObject,
  message: JsonObject,
): Turn | undefined {
  const turn = messageTurn(message);
  if (turn === undefined) return undefined;
  const { prompt_metadata: metadata } = row;
  if (isObject(metadata) && Object.keys(metadata).length > 0) {
    turn.metadata = metadata as typeof turn.metadata;
  }
  const key = textOrUndefined(row.prompt_key);
  if (key !== undefined) turn.key = key;
  return turn;
}

/** Where a row stands: `sequence_number`, of Chatbot UI too, or `parent_message_id`. */
export function linkOf(row: JsonObject): RecordLink {
  const { sequence_number: place } = row;
  return {
    // A number of a dump or a CSV file is text.
    place: typeof place === "number" || /^\d{1,15}$/.test(`${place}`)
      ? Number(place)
      : undefined,
    parent: textOrUndefined(row.parent_message_id),
  };
}
