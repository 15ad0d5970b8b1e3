import type { Turn } from "../conversation.ts";
import {
  isObject,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { conversationFormat } from "./format.ts";
import { textOf } from "./text_of.ts";
import { textTurn } from "./text_turn.ts";
import { type TreeNode, treeTurns } from "./tree_turns.ts";

/**
 * LibreChat: `{conversationId, title, recursive, options, messages}`, messages nested in `children`
 * or flat with `parentMessageId`. `sender` is a free label: `isCreatedByUser` tells who wrote.
 */
export const librechat = conversationFormat({
  name: "librechat",
  matches: (record) =>
    Array.isArray(record.messages) &&
    (typeof record.conversationId === "string" ||
      record.recursive !== undefined) &&
    record.messages.every((message) =>
      !isObject(message) || message.isCreatedByUser !== undefined
    ),
  read: (record) => {
    const options = objectOrEmpty(record.options);
    const turns = treeTurns(nodesOf(record));
    if (typeof options.promptPrefix === "string" && options.promptPrefix) {
      for (const turn of turns) turn.parent = (turn.parent ?? -1) + 1;
      turns.unshift({ role: "system", text: options.promptPrefix, parent: -1 });
    }
    return [{
      id: record.conversationId,
      title: record.title,
      model: options.model,
      turns,
    }];
  },
});

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
  const role = message.isCreatedByUser === true ? "user" : "assistant";
  return textTurn(role, message.text || textOf(message.content), {
    id: message.messageId,
    time: message.createdAt,
    model: message.model,
  });
}
