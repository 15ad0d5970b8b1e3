import type { Turn } from "../conversation.ts";
import {
  firstObject,
  isObject,
  isTextList,
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
    const { contents } = request;
    const list = Array.isArray(contents) ? contents : [contents ?? null];
    const turns = listTurns(list.map(withRole));
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
      isCall: true,
      turns: all,
    }];
  },
};

function requestOf(record: Json): JsonObject | undefined {
  if (!isObject(record)) return undefined;
  for (const place of [record, ...WRAPPERS.map((key) => record[key])]) {
    if (isObject(place) && isRequest(place)) return place;
  }
  return undefined;
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
  const response = isObject(record.response) ? record.response : record;
  return textOf(firstObject(response.candidates)?.content);
}
