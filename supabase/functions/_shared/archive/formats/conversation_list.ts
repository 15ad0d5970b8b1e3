import { firstObject, type Json, type JsonObject, objectsOf } from "../json.ts";
import { alpaca } from "./alpaca.ts";
import { chatgpt } from "./chatgpt.ts";
import { claudeAi } from "./claude_ai.ts";
import { conversationFormat } from "./format.ts";
import { openWebui } from "./open_webui.ts";
import { openaiMessages } from "./openai_messages.ts";
import { sharegpt } from "./sharegpt.ts";
import { textPairs } from "./text_pairs.ts";

const LIST_KEYS = [
  "conversations",
  "chats",
  "sessions",
  "data",
  "items",
  "requests",
  "results",
  "records",
  "examples",
];
const ENTRY_FORMATS = [
  chatgpt,
  claudeAi,
  openWebui,
  sharegpt,
  alpaca,
  openaiMessages,
  textPairs,
];

/** `{conversations: [{id, title, messages}], …}`: a list of conversations, or of pairs, in an object. */
export const conversationList = conversationFormat({
  name: "conversation_list",
  matches: (record) => listOf(record) !== undefined,
  read: (record) =>
    objectsOf(listOf(record)).flatMap((entry) =>
      ENTRY_FORMATS.find((format) => format.matches(entry))?.read(entry) ?? []
    ),
});

function listOf(record: JsonObject): Json | undefined {
  for (const key of LIST_KEYS) {
    const first = firstObject(record[key]);
    if (
      first !== undefined &&
      ENTRY_FORMATS.some((format) => format.matches(first))
    ) return record[key];
  }
  return undefined;
}
