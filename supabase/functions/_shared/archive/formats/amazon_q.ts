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
import { storedJson } from "../records/stored_json.ts";
import { eventFormat } from "./event_format.ts";
import { conversationFormat } from "./format.ts";
import { textTurn, turnsOf } from "./text_turn.ts";

/**
 * Amazon Q Developer's and Kiro's command line, what `/save` writes and rows of their table
 * `conversations` (`{key, value: "{…}"}`): `{conversation_id, history: [{user: {content: {Prompt: {prompt}}},
 * assistant: {Response: {content}}}]}`, in older versions `history: [[user, assistant]]`. Results of tools
 * stand in the user's place.
 *
 * Sources: aws/amazon-q-developer-cli crates/chat-cli/src/cli/chat (conversation.rs, message.rs),
 * kenn-io/agentsview internal/parser/kiro_sqlite.go.
 */
export const amazonQ = conversationFormat({
  name: "amazon_q",
  matches: (record) => {
    const [first] = exchangesOf(conversationIn(record));
    return first !== undefined && isObject(first.user.content);
  },
  ignored: {
    "user/ToolUseResults": "what a tool answered",
    "user/CancelledToolUses": "a tool's call that was cancelled",
  },
  read: (record) => {
    const conversation = conversationIn(record);
    return [{
      id: conversation.conversation_id ?? record.conversation_id,
      turns: exchangesOf(conversation).flatMap(({ user, assistant }) =>
        turnsOf([userTurn(user), assistantTurn(assistant)])
      ),
    }];
  },
});

/**
 * Kiro's sessions as lines: `{version, kind: "Prompt" | "AssistantMessage" | "ToolResults", data: {message_id,
 * content: [{kind: "text", data}]}}`.
 *
 * Source: kenn-io/agentsview internal/parser/kiro.go.
 */
export const kiro = eventFormat({
  name: "kiro",
  matches: ({ kind, data }) =>
    typeof kind === "string" && isObject(data) &&
    /^(?:Prompt|AssistantMessage|ToolResults)$/.test(kind) &&
    Array.isArray(data.content),
  ignored: {
    ToolResults: "what a tool answered",
    Clear: "about the session",
    Compaction: "a summary of earlier turns",
  },
  turnOf: ({ kind, data }) => {
    if (kind !== "Prompt" && kind !== "AssistantMessage") {
      return String(kind);
    }
    const { message_id, content, meta } = objectOrEmpty(data);
    const text = objectsOf(content)
      .map((part) => part.kind === "text" ? textOrUndefined(part.data) : "")
      .filter(Boolean).join("\n");
    return textTurn(kind === "Prompt" ? "user" : "assistant", text, {
      id: message_id,
      time: objectOrEmpty(meta).timestamp,
    });
  },
});

function conversationIn(record: JsonObject): JsonObject {
  const stored = typeof record.value === "string" && storedJson(record.value);
  return isObject(stored) ? stored : record;
}

interface Exchange {
  user: JsonObject;
  assistant: JsonObject;
}

function exchangesOf({ history }: JsonObject): Exchange[] {
  if (!Array.isArray(history)) return [];
  return history.map((entry) =>
    Array.isArray(entry)
      ? { user: entry[0], assistant: entry[1] }
      : objectOrEmpty(entry)
  ).filter(({ user }) => isObject(user)).map((entry) => ({
    user: objectOrEmpty(entry.user),
    assistant: objectOrEmpty(entry.assistant),
  }));
}

function userTurn({ content, timestamp }: JsonObject): Turn | undefined {
  const { Prompt, CancelledToolUses } = objectOrEmpty(content);
  const typed = objectOrEmpty(Prompt ?? CancelledToolUses).prompt;
  const turn = textTurn("user", typed, { time: timestamp });
  const [kind] = Object.keys(objectOrEmpty(content));
  if (turn === undefined) leaveOut(`user/${kind}`, objectOrEmpty(content));
  return turn;
}

function assistantTurn(assistant: JsonObject): Turn | undefined {
  const said: Json | undefined = assistant.Response ?? assistant.ToolUse ??
    firstObject(Object.values(assistant) as Json[]);
  const { content, message_id } = objectOrEmpty(said);
  return textTurn("assistant", content, { id: message_id });
}
