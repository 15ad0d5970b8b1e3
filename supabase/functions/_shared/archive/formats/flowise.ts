import { isObject, textOrUndefined } from "../json.ts";
import { byTurnTime, eventFormat } from "./event_format.ts";
import { messageTurn } from "./list_turns.ts";

/** Flowise's messages: `{id, role: "userMessage" | "apiMessage", chatflowid, content, chatId}`. */
export const flowise = eventFormat({
  name: "flowise",
  matches: (record) => isObject(record) && record.chatflowid !== undefined,
  conversationOf: ({ sessionId, chatId }) =>
    textOrUndefined(sessionId ?? chatId),
  turnOf: (record) => {
    const turn = messageTurn(record);
    return turn && record.createdDate !== undefined
      ? { ...turn, time: record.createdDate }
      : turn;
  },
  sort: byTurnTime,
});
