import type { Turn } from "../conversation.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  objectOrEmpty,
  textOrUndefined,
} from "../json.ts";
import {
  readFlat,
  readOnly,
  readPairs,
} from "../records/projection/projection.ts";
import { conversationFormat, type ReadConversation } from "./format.ts";
import {
  isMapping,
  mappingEntries,
} from "../records/projection/mapping_entries.ts";
import { leaveOut } from "../left_out.ts";
import { withoutMarks } from "./chatgpt_marks.ts";
import { roleOf } from "./role_of.ts";
import { type TreeNode, treeTurns } from "./tree_turns.ts";

const OF_CONTENT = ["content_type", "parts", "text"] as const;
const OF_METADATA = [
  "model_slug",
  "attachments",
  "is_visually_hidden_from_conversation",
  "is_user_system_message",
] as const;

const NODE = readFlat(["parent"], {
  message: readFlat(["id", "create_time"], {
    author: readOnly(["role"]),
    content: readOnly(OF_CONTENT),
    metadata: readOnly(OF_METADATA),
  }),
});

/** What is read of a message, its author, content and metadata. */
type Message = Partial<
  Record<
    | "id"
    | "create_time"
    | "role"
    | typeof OF_CONTENT[number]
    | typeof OF_METADATA[number],
    Json
  >
>;

/**
 * ChatGPT's data export: `{title, mapping: {nodeId: {id, parent, children, message}}, current_node}`.
 * Custom instructions, hidden messages and everything but text are not prompts.
 */
export const chatgpt = conversationFormat({
  name: "chatgpt",
  projection: readOnly(
    ["title", "conversation_id", "id", "default_model_slug", "current_node"],
    { mapping: readPairs(NODE) },
  ),
  matches: (record) => isMapping(record.mapping),
  lacksMessages: ({ title, create_time }) =>
    title !== undefined && create_time !== undefined ? "mapping" : undefined,
  read: (record) => [readConversation(record)],
});

function readConversation(record: JsonObject): ReadConversation {
  const nodes: TreeNode[] = [];
  for (const [key, node] of mappingEntries(record.mapping)) {
    if (!isObject(node)) continue;
    const message = messageOf(node);
    nodes.push({
      id: key,
      parent: typeof node.parent === "string" ? node.parent : undefined,
      turn: toTurn(message, key),
      time: message.create_time ?? undefined,
    });
  }
  return {
    id: record.conversation_id ?? record.id,
    title: record.title,
    model: record.default_model_slug,
    turns: treeTurns(nodes, textOrUndefined(record.current_node)),
  };
}

/** The message of a node, which has it as a whole, or its members where only a part was read. */
function messageOf(node: JsonObject): Message {
  if (!("message" in node)) return node;
  const { id, create_time, author, content, metadata } = objectOrEmpty(
    node.message,
  );
  return {
    id,
    create_time,
    role: objectOrEmpty(author).role,
    ...typeof content === "string"
      ? { text: content }
      : pick(objectOrEmpty(content), OF_CONTENT),
    ...pick(objectOrEmpty(metadata), OF_METADATA),
  };
}

function pick(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, object[name]]));
}

function toTurn(message: Message, nodeId: string): Turn | undefined {
  const role = roleOf(message.role);
  // A node that only links others.
  if (role === undefined && message.parts === undefined) return undefined;
  const kind = leftOutKind(message);
  if (kind !== undefined) leaveOut(kind, message, IGNORED);
  if (kind !== undefined || role === undefined) return undefined;
  const words = partsText(message.parts ?? [message.text ?? null]);
  const text = role === "assistant" ? withoutMarks(words) : words;
  if (text === "") return undefined;
  const turn: Turn = { role, text, id: textOrUndefined(message.id) ?? nodeId };
  if (message.create_time) turn.time = message.create_time;
  if (role === "assistant") turn.model = textOrUndefined(message.model_slug);
  if (Array.isArray(message.attachments) && message.attachments.length > 0) {
    turn.attachments = message.attachments.filter(isObject)
      .map((file) => ({ name: textOrUndefined(file.name) }));
  }
  return turn;
}

const IGNORED = {
  hidden: "hidden from the conversation by the program",
  "author/tool": "what a tool answered",
  "author/function": "what a tool answered",
  "content/user_editable_context": "custom instructions",
  "content/model_editable_context": "what the model remembers",
  "content/code": "a tool's call",
  "content/execution_output": "what a tool answered",
  "content/computer_output": "what a tool answered",
  "content/tether*": "what a tool answered",
  "content/sonic_webpage": "what a tool answered",
  "content/citable_code_output": "what a tool answered",
  "content/app_pairing_content": "what a tool answered",
  "content/thoughts": "thoughts of the model",
  "content/reasoning_recap": "thoughts of the model",
  "content/system_error": "an error",
};

/** Why a message is no turn, where it is none. */
function leftOutKind(message: Message): string | undefined {
  if (
    message.is_visually_hidden_from_conversation === true ||
    message.is_user_system_message === true
  ) return "hidden";
  if (roleOf(message.role) === undefined) return `author/${message.role}`;
  const type = message.content_type;
  return type === undefined || type === "text" || type === "multimodal_text"
    ? undefined
    : `content/${type}`;
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
