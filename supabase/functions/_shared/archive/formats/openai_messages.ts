import {
  firstObject,
  isObject,
  type Json,
  type JsonObject,
  textOrUndefined,
} from "../json.ts";
import type { ConversationFormat } from "./format.ts";
import { authorOf, listTurns } from "./list_turns.ts";
import { roleOf } from "./role_of.ts";

/**
 * `{messages: [{role, content}]}`: OpenAI chat completions and fine-tuning, Hugging Face chat sets,
 * BetterChatGPT, HuggingChat, and the wrappers in which programs log such a request (`request`,
 * `request_body`, `body`, `kwargs`, `input`). The reader of last resort for anything with `messages`.
 */
export const openaiMessages: ConversationFormat = {
  kind: "conversation",
  name: "openai_messages",
  matches: (record) => isObject(record) && messagesOf(record) !== undefined,
  read: (record) => {
    if (!isObject(record)) return [];
    const turns = listTurns(messagesOf(record));
    const answer = turns.at(-1)?.role === "user" ? answerOf(record) : undefined;
    return [{
      id: textOrUndefined(
        record.id ?? record.conversation_id ?? record.prompt_id ??
          record.custom_id ?? record.uuid,
      ),
      title: textOrUndefined(record.title ?? record.name),
      model: modelOf(record),
      turns: answer ? [...turns, { role: "assistant", text: answer }] : turns,
    }];
  },
};

const WRAPPERS = ["request", "request_body", "body", "kwargs", "input"];

function messagesOf(record: JsonObject): Json[] | undefined {
  if (isMessageList(record.messages)) return record.messages as Json[];
  for (const key of WRAPPERS) {
    const inside = record[key];
    if (isObject(inside)) {
      if (isMessageList(inside.messages)) return inside.messages as Json[];
      if (isObject(inside.body) && isMessageList(inside.body.messages)) {
        return inside.body.messages as Json[];
      }
    }
  }
  return undefined;
}

/** True for a list whose messages name their author; an empty list is an empty conversation. */
export function isMessageList(value: Json | undefined): boolean {
  if (!Array.isArray(value)) return false;
  const first = firstObject(value);
  if (first === undefined) return value.every((entry) => entry === null);
  return typeof authorOf(first) === "string";
}

function modelOf(record: JsonObject): string | undefined {
  if (typeof record.model === "string") return record.model;
  for (const key of WRAPPERS) {
    const inside = record[key];
    if (isObject(inside) && typeof inside.model === "string") {
      return inside.model;
    }
  }
  return undefined;
}

/** The logged response to the request, when the record holds both. */
function answerOf(record: JsonObject): string | undefined {
  const response = record.response ?? record.response_body ?? record.output;
  const body = isObject(response) && isObject(response.body)
    ? response.body
    : response;
  if (typeof body === "string") return textOrUndefined(body);
  const choice = isObject(body) ? firstObject(body.choices) : undefined;
  const turn = listTurns([choice?.message ?? null]).at(0);
  return turn !== undefined && roleOf(turn.role) === "assistant"
    ? turn.text
    : undefined;
}
