import type { Turn } from "../conversation.ts";
import {
  firstObject,
  isObject,
  type Json,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import type {
  ConversationBuilder,
  ConversationFormat,
  MessageFormat,
} from "./format.ts";
import { textOf } from "./text_of.ts";

/**
 * PydanticAI's message history: `[{kind: "request" | "response", parts: [{part_kind, content}]}]`;
 * of a request only the parts of kind `user-prompt` were typed.
 */
export const pydanticAi: MessageFormat = {
  kind: "message",
  name: "pydantic_ai",
  matches: isMessage,
  conversationOf: () => undefined,
  open: (id): ConversationBuilder => {
    const turns: Turn[] = [];
    return {
      add: (record) => {
        const made = partTurns(record);
        for (const turn of made) turns.push(turn);
        return made.length > 0;
      },
      build: () => [{ id, turns }],
    };
  },
};

/** The same histories as lists in a list or per line, or in `messages` of an object. */
export const pydanticAiHistory: ConversationFormat = {
  kind: "conversation",
  name: "pydantic_ai_history",
  matches: (record) => isMessage(firstObject(messagesOf(record)) ?? null),
  read: (record) => [{
    id: isObject(record) ? textOrUndefined(record.id) : undefined,
    turns: objectsOf(messagesOf(record)).flatMap(partTurns),
  }],
};

function messagesOf(record: Json): Json | undefined {
  return isObject(record) ? record.messages : record;
}

function isMessage(record: Json): boolean {
  return isObject(record) && Array.isArray(record.parts) &&
    typeof firstObject(record.parts)?.part_kind === "string";
}

const ROLES: Record<string, Turn["role"]> = {
  "user-prompt": "user",
  "system-prompt": "system",
  "text": "assistant",
};

function partTurns(message: JsonObject): Turn[] {
  const model = textOrUndefined(message.model_name);
  return objectsOf(message.parts).flatMap((part): Turn[] => {
    const kind = String(part.part_kind);
    const role = Object.hasOwn(ROLES, kind) ? ROLES[kind] : undefined;
    const text = textOf(part.content);
    return role === undefined || text === ""
      ? []
      : [{ role, text, time: part.timestamp, model }];
  });
}
