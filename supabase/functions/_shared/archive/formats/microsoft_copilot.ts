import { isObject, textOrUndefined } from "../json.ts";
import { byTurnTime, eventFormat } from "./event_format.ts";
import { roleOf } from "./role_of.ts";

/** Microsoft Copilot's activity history, a table of `Conversation, Time, Author, Message`. */
export const microsoftCopilot = eventFormat({
  name: "microsoft_copilot",
  matches: (record) =>
    isObject(record) && record.Conversation !== undefined &&
    record.Author !== undefined && record.Message !== undefined,
  conversationOf: ({ Conversation }) => textOrUndefined(Conversation),
  about: ({ Conversation }) => ({ title: textOrUndefined(Conversation) }),
  turnOf: ({ Author, Message, Time }) => {
    const role = roleOf(Author);
    return role === undefined || typeof Message !== "string"
      ? undefined
      : { role, text: Message, ...Time && { time: Time } };
  },
  sort: byTurnTime,
});
