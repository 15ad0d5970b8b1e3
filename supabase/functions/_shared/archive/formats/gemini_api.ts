import {
  firstObject,
  isObject,
  isTextList,
  type Json,
  type JsonObject,
} from "../json.ts";
import { conversationFormat } from "./format.ts";
import { listTurns } from "./list_turns.ts";
import { wrapped } from "./request_messages.ts";
import { textOf } from "./text_of.ts";
import { textTurn } from "./text_turn.ts";

/**
 * Gemini's generateContent and tuning data: `{contents: [{role, parts: [{text}]}],
 * systemInstruction}`. A single turn may come without role; results of functions have role user and no text.
 */
export const geminiApi = conversationFormat({
  name: "gemini_api",
  matches: (record) => requestOf(record) !== undefined,
  read: (record) => {
    const request = requestOf(record);
    if (request === undefined) return [];
    const { contents } = request;
    const list = Array.isArray(contents) ? contents : [contents ?? null];
    const system = request.systemInstruction ?? request.system_instruction;
    return [{
      id: record.id,
      model: record.model ?? request.model,
      isCall: true,
      turns: [
        textTurn("system", textOf(system)),
        ...listTurns(list.map(withRole)),
        textTurn("assistant", answerOf(record)),
      ],
    }];
  },
});

function requestOf(record: JsonObject): JsonObject | undefined {
  return wrapped(record, ["request", "request_body", "body"], isRequest);
}

/** The SDKs take a text, a content or a list of either for `contents`. */
function isRequest({ contents, model, config }: JsonObject): boolean {
  if (Array.isArray(contents) && firstObject(contents) !== undefined) {
    return firstObject(contents)?.parts !== undefined;
  }
  if (isObject(contents)) return Array.isArray(contents.parts);
  return (typeof contents === "string" || isTextList(contents)) &&
    (typeof model === "string" || isObject(config));
}

function withRole(content: Json): Json {
  if (typeof content === "string") return { role: "user", parts: [content] };
  return isObject(content) && content.role === undefined
    ? { ...content, role: "user" }
    : content;
}

function answerOf(record: JsonObject): string {
  const { candidates } = isObject(record.response) ? record.response : record;
  return textOf(firstObject(candidates)?.content);
}
