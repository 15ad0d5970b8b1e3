import type { Turn } from "../conversation.ts";
import {
  isObject,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import type { ConversationFormat } from "./format.ts";
import { textOf } from "./text_of.ts";
import { type TreeNode, treeTurns } from "./tree_turns.ts";

/**
 * LibreChat: `{conversationId, title, recursive, options, messages}`, messages nested in `children`
 * or flat with `parentMessageId`. `sender` is a free label: `isCreatedByUser` tells who wrote.
 */
export const librechat: ConversationFormat = {
  kind: "conversation",
  name: "librechat",
  matches: (record) =>
    isObject(record) && Array.isArray(record.messages) &&
    (typeof record.conversationId === "string" ||
      record.recursive !== undefined) &&
    record.messages.every((message) =>
      !isObject(message) || message.isCreatedByUser !== undefined
    ),
  read: (record) => {
    if (!isObject(record)) return [];
    const options = isObject(record.options) ? record.options : {};
    const turns = treeTurns(nodesOf(record));
    if (typeof options.promptPrefix === "string" && options.promptPrefix) {
      for (const turn of turns) turn.parent = (turn.parent ?? -1) + 1;
      turns.unshift({ role: "system", text: options.promptPrefix, parent: -1 });
    }
    return [{
      id: textOrUndefined(record.conversationId),
      title: textOrUndefined(record.title),
      model: textOrUndefined(options.model),
      turns,
    }];
  },
};

/** Nodes without times: the order of the file, depth first, is the order of the conversation. */
function nodesOf(record: JsonObject): TreeNode[] {
  const nodes: TreeNode[] = [];
  const stack = objectsOf(record.messages).reverse()
    .map((message) => ({ message, above: undefined as string | undefined }));
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { message, above } = next;
    const id = textOrUndefined(message.messageId) ?? `#${nodes.length}`;
    const parent = above ?? textOrUndefined(message.parentMessageId);
    nodes.push({ id, parent, turn: toTurn(message) });
    for (const child of objectsOf(message.children).reverse()) {
      stack.push({ message: child, above: id });
    }
  }
  return nodes;
}

function toTurn(message: JsonObject): Turn | undefined {
  const text = typeof message.text === "string" && message.text !== ""
    ? message.text
    : textOf(message.content);
  if (text === "") return undefined;
  const role = message.isCreatedByUser === true ? "user" : "assistant";
  const turn: Turn = { role, text };
  const id = textOrUndefined(message.messageId);
  if (id !== undefined) turn.id = id;
  if (message.createdAt !== undefined) turn.time = message.createdAt;
  if (typeof message.model === "string") turn.model = message.model;
  return turn;
}
