import type { Turn } from "../conversation.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";
import { roleOf } from "./role_of.ts";
import { textOf } from "./text_of.ts";

/**
 * Turns of a plain list of `{role, content}` messages as most programs write it; also
 * `sender`, `from`, `author` and `text`, `message`, `value`, `parts`. Entries that are no message,
 * tool results and few-shot examples (`name: "example_user"`) are left out.
 */
export function listTurns(messages: Json | undefined): Turn[] {
  const turns: Turn[] = [];
  if (!Array.isArray(messages)) return turns;
  for (const message of messages) {
    const turn = isObject(message) ? messageTurn(message) : undefined;
    if (turn !== undefined) turns.push(turn);
  }
  return turns;
}

/** The turn of one `{role, content}` message; undefined when nobody said anything in it. */
export function messageTurn(message: JsonObject): Turn | undefined {
  const role = roleOf(authorOf(message));
  if (role === undefined) return undefined;
  if (message.name === "example_user") return undefined;
  if (message.name === "example_assistant") return undefined;
  const text = wordsOf(message);
  if (text === "") return undefined;
  const turn: Turn = { role, text };
  const id = message.id ?? message.uuid ?? message.message_id;
  if (typeof id === "string" && id !== "") turn.id = id;
  else if (typeof id === "number") turn.id = String(id);
  const time = message.created_at ?? message.timestamp ?? message.create_time ??
    message.createdAt ?? message.date ?? message.time ?? message.created;
  if (time !== undefined) turn.time = time;
  const model = message.model ?? message.modelId;
  if (typeof model === "string" && model !== "") turn.model = model;
  return turn;
}

/** The name in a message's author field, before `roleOf` reads it. */
export function authorOf(message: JsonObject): Json | undefined {
  const author = message.role ?? message.sender ?? message.from ??
    message.author;
  return isObject(author) ? author.role : author;
}

function wordsOf(message: JsonObject): string {
  // The AI SDK writes the same text into `parts` and `content`: one of them counts.
  if (Array.isArray(message.parts)) {
    const text = textOf(message.parts);
    if (text !== "") return text;
  }
  if (message.content !== undefined && message.content !== null) {
    const text = textOf(message.content);
    if (text !== "") return text;
  }
  return textOf(message.text ?? message.value ?? message.message);
}
