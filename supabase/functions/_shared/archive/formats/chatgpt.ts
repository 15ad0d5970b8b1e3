import type { Conversation, Turn } from "../conversation.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  textOrUndefined,
} from "../json.ts";
import { readOnly, readPairs } from "../records/reads.ts";
import type { ConversationFormat } from "./format.ts";
import { isMapping, mappingEntries } from "./mapping_entries.ts";
import { roleOf } from "./role_of.ts";
import { type TreeNode, treeTurns } from "./tree_turns.ts";

const NODE = readOnly(["parent"], {
  message: readOnly(["id", "create_time", "content"], {
    author: readOnly(["role"]),
    metadata: readOnly([
      "model_slug",
      "attachments",
      "is_visually_hidden_from_conversation",
      "is_user_system_message",
    ]),
  }),
});

/**
 * ChatGPT's data export: `{title, mapping: {nodeId: {id, parent, children, message}}, current_node}`.
 * Custom instructions, hidden messages and everything but text are not prompts.
 */
export const chatgpt: ConversationFormat = {
  kind: "conversation",
  name: "chatgpt",
  reads: readOnly(
    ["title", "conversation_id", "id", "default_model_slug", "current_node"],
    { mapping: readPairs(NODE) },
  ),
  matches: (record) => isObject(record) && isMapping(record.mapping),
  lacksMessages: ({ title, create_time }) =>
    title !== undefined && create_time !== undefined,
  read: (record) => isObject(record) ? [readConversation(record)] : [],
};

function readConversation(record: JsonObject): Conversation {
  const nodes: TreeNode[] = [];
  for (const [key, node] of mappingEntries(record.mapping)) {
    if (!isObject(node)) continue;
    const message = isObject(node.message) ? node.message : undefined;
    nodes.push({
      id: key,
      parent: typeof node.parent === "string" ? node.parent : undefined,
      turn: message && toTurn(message, key),
      time: message?.create_time ?? undefined,
    });
  }
  return {
    id: textOrUndefined(record.conversation_id ?? record.id),
    title: textOrUndefined(record.title),
    model: textOrUndefined(record.default_model_slug),
    turns: treeTurns(nodes, textOrUndefined(record.current_node)),
  };
}

function toTurn(message: JsonObject, nodeId: string): Turn | undefined {
  const role = roleOf(isObject(message.author) ? message.author.role : null);
  const content = typeof message.content === "string"
    ? { text: message.content } as JsonObject
    : message.content;
  if (role === undefined || !isObject(content)) return undefined;
  const type = content.content_type;
  if (type !== "text" && type !== "multimodal_text" && type !== undefined) {
    return undefined;
  }
  const metadata = isObject(message.metadata) ? message.metadata : {};
  if (metadata.is_visually_hidden_from_conversation === true) return undefined;
  if (metadata.is_user_system_message === true) return undefined;
  const text = partsText(content.parts ?? [content.text ?? null]);
  if (text === "") return undefined;
  const turn: Turn = { role, text, id: textOrUndefined(message.id) ?? nodeId };
  if (message.create_time) turn.time = message.create_time;
  if (role === "assistant") turn.model = textOrUndefined(metadata.model_slug);
  if (Array.isArray(metadata.attachments) && metadata.attachments.length > 0) {
    turn.attachments = metadata.attachments.filter(isObject)
      .map((file) => ({ name: textOrUndefined(file.name) }));
  }
  return turn;
}

function partsText(parts: Json | undefined): string {
  if (!Array.isArray(parts)) return "";
  if (parts.length === 1 && typeof parts[0] === "string") return parts[0];
  const texts: string[] = [];
  for (const part of parts) {
    const text = typeof part === "string"
      ? part
      : isObject(part) && typeof part.text === "string" &&
          (part.content_type === "text" ||
            part.content_type === "audio_transcription")
      ? part.text
      : "";
    if (text !== "") texts.push(text);
  }
  return texts.join("\n");
}
