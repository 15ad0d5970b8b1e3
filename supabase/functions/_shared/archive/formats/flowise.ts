import { textOrUndefined } from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { messageTurn } from "./list_turns.ts";

/** Flowise's messages: `{id, role: "userMessage" | "apiMessage", chatflowid, content, chatId}`. */
export const flowise = eventFormat({
  name: "flowise",
  matches: (record) => record.chatflowid !== undefined,
  conversationOf: ({ sessionId, chatId }) =>
    textOrUndefined(sessionId ?? chatId),
  turnOf: (record) =>
    messageTurn({
      ...record,
      created_at: record.createdDate ?? record.created_at,
    }),
});
