import type { Turn } from "../conversation.ts";
import { type JsonObject, objectsOf, textOrUndefined } from "../json.ts";
import { readAll, readList } from "../records/projection/projection.ts";
import { leaveOut } from "../left_out.ts";
import { conversationFormat, type ReadConversation } from "./format.ts";
import { authorOf } from "./list_turns.ts";
import { roleOf } from "./role_of.ts";
import { textOf } from "./text_of.ts";
import { textTurn, turnsOf } from "./text_turn.ts";
import { treeTurns } from "./tree_turns.ts";

/**
 * Claude.ai's data export: `{uuid, name, chat_messages: [{uuid, sender, text, content}]}`. `text`
 * and `content` repeat each other; older exports have only the first, some newer ones only the other.
 * Where tools were used, `text` has placeholders and `content` the words. Pasted texts
 * (`attachments[].extracted_content`) are attachments of the prompt.
 *
 * Sources: agarwalvishal/claude-chat-exporter#32, Laumss/loominary#11 (placeholders).
 */
export const claudeAi = conversationFormat({
  name: "claude_ai",
  projection: readAll({
    chat_messages: readList(readAll({}, { words: "text", again: "content" })),
  }),
  // `content` is left out behind a `text`, and wanted where that has a placeholder.
  isEnough: ({ chat_messages }) =>
    !objectsOf(chat_messages).some(hasPlaceholder),
  matches: (record) => Array.isArray(record.chat_messages),
  lacksMessages: ({ uuid, name }) =>
    typeof uuid === "string" && typeof name === "string"
      ? "chat_messages"
      : undefined,
  read: (record) => [readConversation(record)],
});

function readConversation(record: JsonObject): ReadConversation {
  const messages = objectsOf(record.chat_messages);
  const branching = messages.some((message) =>
    typeof message.parent_message_uuid === "string"
  );
  return {
    id: record.uuid,
    title: record.name,
    model: record.model,
    turns: branching
      ? branchTurns(messages, record)
      : turnsOf(messages.map(toTurn)),
  };
}

function branchTurns(messages: JsonObject[], record: JsonObject): Turn[] {
  const nodes = messages.map((message, index) => ({
    id: textOrUndefined(message.uuid) ?? `#${index}`,
    parent: textOrUndefined(message.parent_message_uuid),
    turn: toTurn(message),
    time: message.created_at,
  }));
  return treeTurns(nodes, textOrUndefined(record.current_leaf_message_uuid));
}

function toTurn(message: JsonObject): Turn | undefined {
  const text = wordsOf(message);
  if (roleOf(authorOf(message)) === undefined) {
    leaveOut(`sender/${authorOf(message)}`, message);
  }
  const turn = textTurn(roleOf(authorOf(message)), text, {
    id: message.uuid ?? message.id,
    time: message.created_at,
    model: message.model,
  });
  if (turn?.role === "user") turn.attachments = attachmentsOf(message);
  return turn;
}

// What stands in `text` for every block of a tool, in a block of code; the words are in `content` then.
const PLACEHOLDERS =
  /(?:```\s*)?(?:This block is not supported on your current device yet|Viewing artifacts created via the Analysis Tool web feature preview isn[’']t yet supported on mobile)\.(?:\s*```)?\s*/g;

function hasPlaceholder({ text }: JsonObject): boolean {
  // Every text of an export is searched, and a long text is found without looking at each letter.
  return typeof text === "string" &&
    (text.includes("This block is not supported on your current device") ||
      text.includes("Viewing artifacts created via the Analysis Tool")) &&
    text.search(PLACEHOLDERS) >= 0;
}

function wordsOf(message: JsonObject): string {
  const { text, content } = message;
  if (typeof text !== "string" || text.trim() === "") return textOf(content);
  if (!hasPlaceholder(message)) return text;
  return textOf(content) || text.replace(PLACEHOLDERS, "").trim();
}

function attachmentsOf(message: JsonObject): Turn["attachments"] {
  const pasted = objectsOf(message.attachments).map((file) => ({
    name: textOrUndefined(file.file_name),
    text: textOrUndefined(file.extracted_content),
  }));
  const files = objectsOf(message.files)
    .map((file) => ({ name: textOrUndefined(file.file_name) }));
  const all = [...pasted, ...files];
  return all.length > 0 ? all : undefined;
}
