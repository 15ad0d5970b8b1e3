import type { Turn } from "../conversation.ts";
import { type Json, type JsonObject, objectOrEmpty } from "../json.ts";
import { conversationFormat } from "./format.ts";
import { humanAssistantTurns } from "./human_assistant_text.ts";
import { listTurns } from "./list_turns.ts";
import { textTurn, turnsOf, withSystem } from "./text_turn.ts";

const CHOSEN = [
  "chosen",
  "chosen_messages",
  "chosen_response",
  "preferred_output",
  "response_chosen",
];
const REJECTED = [
  "rejected",
  "rejected_messages",
  "rejected_response",
  "non_preferred_output",
  "response_rejected",
];
const ASKED = ["prompt", "question", "instruction", "input", "query"];

/**
 * Preference pairs: `{prompt, chosen, rejected}` in any spelling, answers as text, a message or a
 * whole conversation; also HH-RLHF's `\n\nHuman:` text and OpenAI's `preferred_output`. The prompts
 * that both sides share count once, the chosen answer is the reference.
 */
export const preferencePairs = conversationFormat({
  name: "preference_pairs",
  matches: (record) =>
    firstOf(record, CHOSEN) !== undefined &&
    REJECTED.some((key) => record[key] !== undefined),
  read: (record) => {
    const chosen = answerTurns(firstOf(record, CHOSEN));
    const asked = askedTurns(record);
    const whole = chosen.some(({ role }) => role === "user");
    return [{
      id: record.prompt_id ?? record.id,
      turns: withSystem(record.system, whole ? chosen : [...asked, ...chosen]),
    }];
  },
});

function firstOf(record: JsonObject, keys: string[]): Json | undefined {
  for (const key of keys) {
    if (record[key] !== undefined && record[key] !== null) return record[key];
  }
  return undefined;
}

function answerTurns(answer: Json | undefined): Turn[] {
  if (typeof answer === "string") {
    return humanAssistantTurns(answer) ??
      turnsOf([textTurn("assistant", answer)]);
  }
  return listTurns(Array.isArray(answer) ? answer : [answer ?? null]);
}

function askedTurns(record: JsonObject): Turn[] {
  const input = objectOrEmpty(record.input);
  for (
    const list of [record.conversations, record.messages, input.messages]
  ) {
    const turns = listTurns(list);
    if (turns.length > 0) return turns;
  }
  const asked = firstOf(record, ASKED);
  if (Array.isArray(asked)) return listTurns(asked);
  if (typeof asked !== "string" || asked === "") return [];
  // Alpaca's pairs have the rest of the instruction in `input`.
  const rest = record.instruction === asked && typeof record.input === "string"
    ? record.input
    : "";
  const text = rest === "" ? asked : `${asked}\n${rest}`;
  return humanAssistantTurns(text) ?? [{ role: "user", text }];
}
