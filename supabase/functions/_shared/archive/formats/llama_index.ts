import { objectsOf } from "../json.ts";
import { storedJson } from "../records/stored_json.ts";
import { conversationFormat } from "./format.ts";
import { listTurns } from "./list_turns.ts";
import { isMessageList } from "./request_messages.ts";

/**
 * LlamaIndex's chat store: `{id, key, value: [{role, blocks: [{block_type, text}]}]}`, a row per chat;
 * earlier messages have `content` in place of blocks. run-llama/llama_index,
 * llama-index-storage-chat-store-postgres, base.py.
 */
export const llamaIndex = conversationFormat({
  name: "llama_index",
  matches: ({ key, value }) =>
    typeof key === "string" && objectsOf(storedJson(value)).length > 0 &&
    isMessageList(storedJson(value)),
  read: ({ id, key, value }) => [{
    id: key ?? id,
    turns: listTurns(storedJson(value)),
  }],
});
