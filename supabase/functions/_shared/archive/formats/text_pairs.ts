import {
  isObject,
  type Json,
  type JsonObject,
  textOrUndefined,
} from "../json.ts";
import { conversationIdOf } from "../conversation_id.ts";
import { conversationFormat } from "./format.ts";
import { humanAssistantTurns } from "./human_assistant_text.ts";
import { listTurns } from "./list_turns.ts";
import { textTurn, turnsOf } from "./text_turn.ts";

const PAIRS = [
  ["prompt", "completion"],
  ["prompt", "response"],
  ["prompt", "answer"],
  ["prompt", "output"],
  ["question", "answer"],
  ["question", "response"],
  ["query", "response"],
  ["query", "answer"],
  ["input", "output"],
  ["input_text", "output_text"],
  ["input", "ideal"],
  ["user", "assistant"],
] as const;

/**
 * A prompt and its answer as two texts, `{prompt, completion}`, `{question, answer}`, `{input,
 * output}` and the like; also the old completions form `\n\nHuman: …\n\nAssistant:`.
 */
export const textPairs = conversationFormat({
  name: "text_pairs",
  matches: (record) => pairOf(record) !== undefined,
  read: (record) => {
    const [asked, answered] = pairOf(record) ?? [];
    const turns = typeof asked === "string"
      ? humanAssistantTurns(asked) ?? turnsOf([textTurn("user", asked)])
      : listTurns(asked);
    const answer = Array.isArray(answered) ? answered[0] : answered;
    if (typeof answer === "string" && answer !== "") {
      turns.push({ role: "assistant", text: answer });
    } else if (isObject(answer ?? null)) {
      turns.push(...listTurns([answer ?? null]));
    }
    const time = record.created_at ?? record.timestamp ?? record.datetime_utc ??
      record.createdAt ?? record.time ?? record.date;
    for (const turn of turns) turn.time ??= time;
    return [{
      id: conversationIdOf(record) ?? textOrUndefined(record.id),
      model: textOrUndefined(record.model),
      turns,
    }];
  },
});

function pairOf(record: JsonObject): [Json, Json | undefined] | undefined {
  for (const [asked, answered] of PAIRS) {
    const [prompt, answer] = [record[asked], record[answered]];
    if (answer === undefined) continue;
    if (typeof prompt === "string" || isPromptList(prompt)) {
      return [prompt as Json, answer];
    }
  }
  const prompt = record.prompt;
  const isPrompt = typeof prompt === "string"
    ? humanAssistantTurns(prompt) !== undefined
    : isPromptList(prompt);
  return isPrompt ? [prompt as Json, undefined] : undefined;
}

function isPromptList(value: Json | undefined): boolean {
  return listTurns(value).length > 0;
}
