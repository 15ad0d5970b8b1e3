import { firstObject, isObject, textOrUndefined } from "../json.ts";
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
    const first = firstObject(record.conversations);
    return first !== undefined && first.messages === undefined &&
      (typeof authorOf(first) === "string" || first.value !== undefined);
  },
  read: (record) => {
    if (!isObject(record)) return [];
    const turns = listTurns(record.conversations);
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
