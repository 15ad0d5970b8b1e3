import type { Turn } from "../conversation.ts";
import {
  firstObject,
  isObject,
  type Json,
  type JsonObject,
  textOrUndefined,
} from "../json.ts";
import type { ConversationFormat } from "./format.ts";
import { listTurns } from "./list_turns.ts";
import { textOf } from "./text_of.ts";

const WRAPPERS = ["request", "request_body", "body"];

/**
 * Gemini's generateContent and tuning data: `{contents: [{role, parts: [{text}]}],
 * systemInstruction}`. A single turn may come without role; results of functions have role user and no text.
 */
export const geminiApi: ConversationFormat = {
  kind: "conversation",
  name: "gemini_api",
  matches: (record) => requestOf(record) !== undefined,
  read: (record) => {
    const request = requestOf(record);
    if (request === undefined || !isObject(record)) return [];
    const contents = Array.isArray(request.contents) ? request.contents : [];
    const turns = listTurns(contents.map(withRole));
    const system = textOf(
      request.systemInstruction ?? request.system_instruction,
    );
    const answer = answerOf(record);
    const all: Turn[] = [
      ...system === "" ? [] : [{ role: "system" as const, text: system }],
      ...turns,
      ...answer === "" ? [] : [{ role: "assistant" as const, text: answer }],
    ];
    return [{
      id: textOrUndefined(record.id),
      model: textOrUndefined(record.model ?? request.model),
      turns: all,
    }];
  },
};

function requestOf(record: Json): JsonObject | undefined {
  if (!isObject(record)) return undefined;
  for (const place of [record, ...WRAPPERS.map((key) => record[key])]) {
    if (isObject(place) && firstObject(place.contents)?.parts !== undefined) {
      return place;
    }
  }
  return undefined;
}

function withRole(content: Json): Json {
  return isObject(content) && content.role === undefined
    ? { ...content, role: "user" }
    : content;
}

function answerOf(record: JsonObject): string {
  const response = isObject(record.response) ? record.response : record;
  return textOf(firstObject(response.candidates)?.content);
}
