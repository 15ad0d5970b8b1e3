import type { Turn } from "../conversation.ts";
import {
  firstObject,
  type Json,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { conversationIdOf } from "../conversation_id.ts";
import { conversationFormat } from "./format.ts";
import { authorOf, listTurns } from "./list_turns.ts";
import { roleOf } from "./role_of.ts";
import { parseJson } from "../records/parse_json.ts";

/**
 * `{conversation: [{role, content}]}`: LMSYS-Chat-1M, WildChat, and arena battles, whose
 * `conversation_a` and `conversation_b` have the same prompts. Rows that came through Parquet hold
 * the list as text. What WildChat tells of a turn's sender (hashed address, headers) is not read.
 * ElevenLabs and Retell call it a transcript, Label Studio a dialogue (HumanSignal/label-studio#2499).
 */
export const conversationField = conversationFormat({
  name: "conversation_field",
  matches: (record) => {
    const field = record.conversation ?? record.conversation_a;
    if (typeof field === "string") return /^\s*\[/.test(field);
    const first = firstObject(field);
    return first === undefined
      ? transcriptOf(record) !== undefined
      : typeof authorOf(first) === "string";
  },
  read: (record) => [{
    id: conversationIdOf(record) ??
      textOrUndefined(record.question_id ?? record.id),
    model: record.model ?? record.model_a,
    turns: timed(
      listTurns(
        listOf(
          record.conversation ?? record.conversation_a ?? transcriptOf(record),
        ),
      ),
      record.timestamp ?? record.tstamp,
    ),
  }],
});

const TRANSCRIPTS = [
  "transcript",
  "transcript_object",
  "dialogue",
  "humanMachineDialogue",
];

/** Other names of the list, under which people may talk to each other: one of them is a role. */
function transcriptOf(record: JsonObject): Json | undefined {
  return TRANSCRIPTS.map((name) => record[name])
    .find((list) =>
      objectsOf(list).some((message) => roleOf(authorOf(message)) !== undefined)
    );
}

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
