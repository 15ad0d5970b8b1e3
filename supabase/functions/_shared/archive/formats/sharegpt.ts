import {
  firstObject,
  isObject,
  type Json,
  type JsonObject,
  textOrUndefined,
} from "../json.ts";
import { parseJson } from "../records/parse_json.ts";
import type { ConversationFormat } from "./format.ts";
import { authorOf, listTurns } from "./list_turns.ts";

/**
 * ShareGPT and Vicuna: `{id, conversations: [{from, value}]}`; also `{title, conversations:
 * [{author, content}]}`. Here `conversations` holds messages.
 */
export const sharegpt: ConversationFormat = {
  kind: "conversation",
  name: "sharegpt",
  matches: (record) => {
    if (!isObject(record)) return false;
    const first = firstObject(messagesOf(record));
    return first !== undefined && first.messages === undefined &&
      (typeof authorOf(first) === "string" || first.value !== undefined);
  },
  lacksMessages: ({ conversations }) => Array.isArray(conversations),
  read: (record) => {
    if (!isObject(record)) return [];
    const turns = listTurns(messagesOf(record));
    if (typeof record.system === "string" && record.system !== "") {
      turns.unshift({ role: "system", text: record.system });
    }
    return [{
      id: textOrUndefined(record.id),
      title: textOrUndefined(record.title),
      model: textOrUndefined(record.model),
      turns,
    }];
  },
};

/** Rows that came through Parquet hold the list as text. */
function messagesOf({ conversations }: JsonObject): Json | undefined {
  if (typeof conversations !== "string") return conversations;
  if (!conversations.startsWith('[{"')) return undefined;
  try {
    return parseJson(conversations);
  } catch {
    // Some other text.
    return undefined;
  }
}
