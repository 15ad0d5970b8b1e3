import type { Turn } from "../conversation.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  textOrUndefined,
} from "../json.ts";
import type { ConversationFormat } from "./format.ts";
import { humanAssistantTurns } from "./human_assistant_text.ts";
import { listTurns } from "./list_turns.ts";

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
export const preferencePairs: ConversationFormat = {
  kind: "conversation",
  name: "preference_pairs",
  matches: (record) =>
    isObject(record) && firstOf(record, CHOSEN) !== undefined &&
    REJECTED.some((key) => record[key] !== undefined),
  read: (record) => {
    if (!isObject(record)) return [];
    const chosen = answerTurns(firstOf(record, CHOSEN));
    const asked = askedTurns(record);
    const whole = chosen.some(({ role }) => role === "user");
    return [{
      id: textOrUndefined(record.prompt_id ?? record.id),
      turns: withSystem(record, whole ? chosen : [...asked, ...chosen]),
    }];
  },
};

function firstOf(record: JsonObject, keys: string[]): Json | undefined {
  for (const key of keys) {
    if (record[key] !== undefined && record[key] !== null) return record[key];
  }
  return undefined;
}

function answerTurns(answer: Json | undefined): Turn[] {
  if (typeof answer === "string") {
    return humanAssistantTurns(answer) ??
      (answer === "" ? [] : [{ role: "assistant", text: answer }]);
  }
  return listTurns(Array.isArray(answer) ? answer : [answer ?? null]);
}

function askedTurns(record: JsonObject): Turn[] {
  const input = isObject(record.input) ? record.input : {};
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

function withSystem(record: JsonObject, turns: Turn[]): Turn[] {
  const { system } = record;
  return typeof system === "string" && system !== "" &&
      turns[0]?.role !== "system"
    ? [{ role: "system", text: system }, ...turns]
    : turns;
}
