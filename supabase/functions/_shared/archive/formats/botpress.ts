import { isObject, objectOrEmpty, textOrUndefined } from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { textTurn } from "./text_turn.ts";

/** Botpress messages: `{conversationId, direction, payload: {type: "text", text}}`. */
export const botpress = eventFormat({
  name: "botpress",
  matches: (record) =>
    isObject(record.payload) &&
    (record.direction === "incoming" || record.direction === "outgoing"),
  conversationOf: ({ conversationId }) => textOrUndefined(conversationId),
  turnOf: ({ id, direction, payload, createdAt }) =>
    textTurn(
      direction === "incoming" ? "user" : "assistant",
      objectOrEmpty(payload).text,
      { id, time: createdAt },
    ),
});
