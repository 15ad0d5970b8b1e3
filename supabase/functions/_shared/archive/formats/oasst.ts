import type { Conversation, Turn } from "../conversation.ts";
import {
  isObject,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import {
  type ConversationBuilder,
  conversationFormat,
  messageFormat,
} from "./format.ts";
import { groupBy } from "./group_by.ts";
import { roleOf } from "./role_of.ts";
import { textTurn } from "./text_turn.ts";
import { type TreeNode, treeTurns } from "./tree_turns.ts";

/** OpenAssistant trees: `{message_tree_id, prompt: {message_id, text, role, replies: […]}}`. */
export const oasstTrees = conversationFormat({
  name: "oasst_trees",
  matches: (record) =>
    isObject(record.prompt) &&
    (record.message_tree_id !== undefined ||
      record.prompt.replies !== undefined),
  read: (record) => [{
    id: record.message_tree_id,
    turns: treeTurns(nodesBelow(objectOrEmpty(record.prompt))),
  }],
});

/**
 * OpenAssistant messages as rows: with `message_tree_id`, or the seed data, in which only
 * `parent_message_id` tells the trees apart. Deleted and rejected messages are no turns.
 */
export const oasstRows = messageFormat({
  name: "oasst",
  matches: (record) =>
    typeof record.text === "string" &&
    (record.role === "prompter" ||
      (record.role === "assistant" && record.parent_id !== undefined &&
        record.message_tree_id !== undefined)),
  conversationOf: ({ message_tree_id }) => textOrUndefined(message_tree_id),
  open: openTrees,
});

function nodesBelow(prompt: JsonObject): TreeNode[] {
  const nodes: TreeNode[] = [];
  const stack = [{ message: prompt, parent: undefined as string | undefined }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { message, parent } = next;
    const id = textOrUndefined(message.message_id) ?? `#${nodes.length}`;
    nodes.push({ id, parent, turn: toTurn(message) });
    for (const reply of objectsOf(message.replies).reverse()) {
      stack.push({ message: reply, parent: id });
    }
  }
  return nodes;
}

function openTrees(id: string | undefined): ConversationBuilder {
  const nodes: TreeNode[] = [];
  return {
    add(row) {
      nodes.push({
        id: textOrUndefined(row.message_id ?? row.user_message_id) ??
          `#${nodes.length}`,
        parent: textOrUndefined(row.parent_id ?? row.parent_message_id),
        turn: toTurn(row),
      });
      return true;
    },
    build: () =>
      id === undefined ? treesOf(nodes) : [{ id, turns: treeTurns(nodes) }],
  };
}

/** One conversation per root; a node whose parent is not in the file is a root. */
function treesOf(nodes: TreeNode[]): Conversation[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const rootOf = new Map<TreeNode, TreeNode>();
  for (const node of nodes) {
    const path = [node];
    const onPath = new Set(path);
    for (;;) {
      const top = path[path.length - 1];
      const above = top.parent === undefined ? undefined : byId.get(top.parent);
      const root = rootOf.get(top);
      if (root !== undefined || above === undefined || onPath.has(above)) {
        for (const below of path) rootOf.set(below, root ?? top);
        break;
      }
      path.push(above);
      onPath.add(above);
    }
  }
  const trees = groupBy(nodes, (node) => rootOf.get(node)!);
  return [...trees].map(([root, own]) => ({
    id: root.id,
    turns: treeTurns(own),
  }));
}

function toTurn(message: JsonObject): Turn | undefined {
  const { role, text, deleted, review_result, created_date } = message;
  if (deleted === true || review_result === false) return undefined;
  return textTurn(roleOf(role), text, {
    id: message.message_id ?? message.user_message_id,
    time: created_date,
  });
}
