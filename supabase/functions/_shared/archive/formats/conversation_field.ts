import type { Turn } from "../conversation.ts";
import { firstObject, type Json, textOrUndefined } from "../json.ts";
import { conversationIdOf } from "../conversation_id.ts";
import { conversationFormat } from "./format.ts";
import { authorOf, listTurns } from "./list_turns.ts";
import { parseJson } from "../records/parse_json.ts";

/**
 * `{conversation: [{role, content}]}`: LMSYS-Chat-1M, WildChat, and arena battles, whose
 * `conversation_a` and `conversation_b` have the same prompts. Rows that came through Parquet hold
 * the list as text. What WildChat tells of a turn's sender (hashed address, headers) is not read.
 */
export const conversationField = conversationFormat({
  name: "conversation_field",
  matches: (record) => {
    const field = record.conversation ?? record.conversation_a;
    if (typeof field === "string") return /^\s*\[/.test(field);
    const first = firstObject(field);
    return first !== undefined && typeof authorOf(first) === "string";
  },
  read: (record) => [{
    id: conversationIdOf(record) ??
      textOrUndefined(record.question_id ?? record.id),
    model: textOrUndefined(record.model ?? record.model_a),
    turns: timed(
      listTurns(listOf(record.conversation ?? record.conversation_a)),
      record.timestamp ?? record.tstamp,
    ),
  }],
});

/** WildChat and arena battles tell when the row was made, and not each turn. */
function timed(turns: Turn[], time: Json | undefined): Turn[] {
  for (const turn of turns) turn.time ??= time;
  return turns;
}

function listOf(field: Json | undefined): Json | undefined {
  if (typeof field !== "string") return field;
  try {
    return parseJson(field);
  } catch {
    throw new TypeError(
      "`conversation` is text that is not JSON, probably Python's; write the rows with `to_json` of a list",
    );
  }
}
