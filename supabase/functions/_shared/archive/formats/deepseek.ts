import type { Turn } from "../conversation.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { leaveOut } from "../left_out.ts";
import { conversationFormat } from "./format.ts";
import { readAll, readPairs } from "../records/projection/projection.ts";
import {
  isMapping,
  mappingEntries,
} from "../records/projection/mapping_entries.ts";
import { textTurn, turnsOf } from "./text_turn.ts";
import { type TreeNode, treeTurns } from "./tree_turns.ts";

/**
 * DeepSeek's data export: ChatGPT's `mapping`, but messages are `fragments` of type REQUEST,
 * RESPONSE, THINK, SEARCH; there is no author and no current node.
 */
export const deepseek = conversationFormat({
  name: "deepseek",
  projection: readAll({ mapping: readPairs() }),
  matches: (record) =>
    isMapping(record.mapping) &&
    (record.inserted_at !== undefined || hasFragments(record.mapping)),
  lacksMessages: ({ id, inserted_at }) =>
    id !== undefined && inserted_at !== undefined ? "mapping" : undefined,
  read: (record) => [{
    id: record.id,
    title: record.title,
    turns: treeTurns([...mappingEntries(record.mapping)].flatMap(toNodes)),
  }],
});

const SAID = new Set(["REQUEST", "RESPONSE"]);
const IGNORED = {
  "fragment/THINK": "thoughts of the model",
  "fragment/SEARCH": "what a search found",
  "fragment/READ*": "what a search found",
  "fragment/TOOL*": "a tool's call or what it answered",
  "fragment/TIP": "a notice of the program",
};

function hasFragments(mapping: Json | undefined): boolean {
  return [...mappingEntries(mapping)].some(([, node]) =>
    isObject(node) && isObject(node.message) &&
    Array.isArray(node.message.fragments)
  );
}

/** A node may hold both a request and its response: each becomes a node of its own. */
function toNodes([key, node]: [string, Json]): TreeNode[] {
  if (!isObject(node)) return [];
  const message = objectOrEmpty(node.message);
  for (const fragment of objectsOf(message.fragments)) {
    const kind = String(fragment.type).toUpperCase();
    if (!SAID.has(kind)) leaveOut(`fragment/${kind}`, fragment, IGNORED);
  }
  const time = message.inserted_at;
  const turns = turnsOf([
    toTurn("user", "REQUEST", message, key),
    toTurn("assistant", "RESPONSE", message, key),
  ]);
  let parent = textOrUndefined(node.parent);
  return turns.length === 0
    ? [{ id: key, parent, turn: undefined, time }]
    : turns.map((turn, index) => {
      const last = index === turns.length - 1;
      const id = last ? key : `${key} ${turn.role}`;
      const made = { id, parent, turn, time };
      parent = id;
      return made;
    });
}

function toTurn(
  role: "user" | "assistant",
  type: string,
  message: JsonObject,
  key: string,
): Turn | undefined {
  const text = objectsOf(message.fragments)
    .filter((fragment) => String(fragment.type).toUpperCase() === type)
    .map(({ content }) => typeof content === "string" ? content : "")
    .filter((content) => content !== "").join("\n");
  return textTurn(role, text, {
    id: textOrUndefined(message.id) ?? key,
    time: message.inserted_at,
    model: message.model,
  });
}
