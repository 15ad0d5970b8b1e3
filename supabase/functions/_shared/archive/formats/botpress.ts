import { isObject, textOrUndefined } from "../json.ts";
import { byTurnTime, eventFormat } from "./event_format.ts";

/** Botpress messages: `{conversationId, direction, payload: {type: "text", text}}`. */
export const botpress = eventFormat({
  name: "botpress",
  matches: (record) =>
    isObject(record) && isObject(record.payload) &&
    (record.direction === "incoming" || record.direction === "outgoing"),
  conversationOf: ({ conversationId }) => textOrUndefined(conversationId),
  turnOf: ({ id, direction, payload, createdAt }) => {
    const text = isObject(payload) ? payload.text : undefined;
    if (typeof text !== "string" || text === "") return undefined;
    return {
      role: direction === "incoming" ? "user" : "assistant",
      text,
      id: textOrUndefined(id),
      time: createdAt,
    };
  },
  sort: byTurnTime,
});
