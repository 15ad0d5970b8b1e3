import { textOrUndefined } from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { roleOf } from "./role_of.ts";
import { textTurn } from "./text_turn.ts";

/** Microsoft Copilot's activity history, a table of `Conversation, Time, Author, Message`. */
export const microsoftCopilot = eventFormat({
  name: "microsoft_copilot",
  matches: (record) =>
    record.Conversation !== undefined &&
    record.Author !== undefined && record.Message !== undefined,
  conversationOf: ({ Conversation }) => textOrUndefined(Conversation),
  about: ({ Conversation }) => ({ title: textOrUndefined(Conversation) }),
  turnOf: ({ Author, Message, Time }) =>
    textTurn(roleOf(Author), Message, { time: Time }),
});
