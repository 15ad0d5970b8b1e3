import type { Turn } from "../conversation.ts";
import {
  firstObject,
  isObject,
  type Json,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import {
  type ConversationBuilder,
  type ConversationFormat,
  messageFormat,
} from "./format.ts";
import { textOf } from "./text_of.ts";
import { textTurn, turnsOf } from "./text_turn.ts";

/**
 * PydanticAI's message history: `[{kind: "request" | "response", parts: [{part_kind, content}]}]`;
 * of a request only the parts of kind `user-prompt` were typed.
 */
export const pydanticAi = messageFormat({
  name: "pydantic_ai",
  matches: isMessage,
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
});

/** The same histories as lists in a list or per line, or in `messages` of an object. */
export const pydanticAiHistory: ConversationFormat = {
  kind: "conversation",
  name: "pydantic_ai_history",
  matches: (record) => isMessage(firstObject(messagesOf(record))),
  read: (record) => [{
    id: isObject(record) ? textOrUndefined(record.id) : undefined,
    turns: objectsOf(messagesOf(record)).flatMap(partTurns),
  }],
};

function messagesOf(record: Json | undefined): Json | undefined {
  return isObject(record) ? record.messages : record;
}

function isMessage(record: JsonObject | undefined): boolean {
  return typeof firstObject(record?.parts)?.part_kind === "string";
}

const ROLES: Record<string, Turn["role"]> = {
  "user-prompt": "user",
  "system-prompt": "system",
  "text": "assistant",
};

function partTurns(message: JsonObject): Turn[] {
  return turnsOf(
    objectsOf(message.parts).map((part) => {
      const kind = String(part.part_kind);
      const role = Object.hasOwn(ROLES, kind) ? ROLES[kind] : undefined;
      return textTurn(role, textOf(part.content), {
        time: part.timestamp,
        model: message.model_name,
      });
    }),
  );
}
