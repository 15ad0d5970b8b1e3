import type { Turn } from "../conversation.ts";
import {
  firstObject,
  isObject,
  type Json,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { leaveOut } from "../left_out.ts";
import { conversationFormat } from "./format.ts";
import { roleOf } from "./role_of.ts";
import { textOf } from "./text_of.ts";
import { textTurn } from "./text_turn.ts";

const THOUGHTS_AND_TOOLS = {
  "part/Thinking": "thoughts of the model",
  "part/RedactedThinking": "thoughts of the model",
  "part/ToolUse": "a tool's call",
  "part/Mention": "a file or text that was named",
  "part/Image": "a picture",
  "message/Compaction": "a summary of earlier turns",
};

/**
 * Threads of the editor Zed. Since 0.3: `{version: "0.3.0", title, messages: [{User: {id, content: [{Text},
 * {Mention}]}}, {Agent: {content}}, "Resume"]}`; before: `{version: "0.2.0", summary, messages: [{role,
 * segments: [{type: "text", text}], context}]}`. Mentioned files and `context` were not typed.
 *
 * Sources: zed-industries/zed crates/agent/src/db.rs and thread.rs, getagentseal/codeburn#480,
 * kenn-io/agentsview internal/parser/zed.go.
 */
export const zed = conversationFormat({
  name: "zed",
  matches: (record) => {
    const first = firstObject(record.messages);
    return first !== undefined &&
      (isObject(first.User ?? null) || isObject(first.Agent ?? null) ||
        Array.isArray(first.segments));
  },
  ignored: THOUGHTS_AND_TOOLS,
  read: (record) => [{
    id: record.id,
    title: record.title ?? record.summary,
    model: objectOrEmpty(record.model).model,
    turns: objectsOf(record.messages).map(toTurn),
  }],
});

function toTurn(message: JsonObject): Turn | undefined {
  if (Array.isArray(message.segments)) {
    return textTurn(roleOf(message.role), textOf(message.segments), {
      id: message.id,
    });
  }
  for (
    const [name, role] of [["User", "user"], ["Agent", "assistant"]] as const
  ) {
    const said = message[name];
    if (isObject(said ?? null)) {
      const { id, content } = said as JsonObject;
      return textTurn(role, wordsOf(content), { id });
    }
  }
  leaveOut(`message/${Object.keys(message)[0]}`, message);
  return undefined;
}

/** `[{Text: "…"} | {Text: {text}}, {Thinking: {…}}]`: a variant of an enum is an object of one key. */
function wordsOf(content: Json | undefined): string {
  return objectsOf(content).map((part) => {
    const { Text: text } = part;
    if (text === undefined) leaveOut(`part/${Object.keys(part)[0]}`, part);
    return textOrUndefined(text) ?? textOf(text);
  }).filter((text) => text !== "").join("\n");
}

/**
 * Zed's text threads: `{zed: "context", text, messages: [{id, start, metadata: {role}}], summary}`, in
 * which a message goes from its `start`, a byte of `text`, to the next one's.
 *
 * Source: zed-industries/zed crates/assistant_text_thread/src/text_thread.rs (SavedTextThread).
 */
export const zedTextThread = conversationFormat({
  name: "zed_text_thread",
  matches: (record) =>
    typeof record.text === "string" && Array.isArray(record.messages) &&
    (record.zed === "context" ||
      typeof firstObject(record.messages)?.start === "number"),
  read: (record) => {
    const bytes = new TextEncoder().encode(String(record.text));
    const messages = objectsOf(record.messages);
    const turns = messages.map(({ start, metadata, id }, index) => {
      const end = messages[index + 1]?.start ?? bytes.length;
      const text = new TextDecoder()
        .decode(bytes.subarray(Number(start), Number(end))).trim();
      const { role, timestamp } = objectOrEmpty(metadata);
      return textTurn(roleOf(role), text, { id, time: timestamp });
    });
    return [{
      id: record.id,
      title: record.summary,
      turns,
    }];
  },
});
