import { firstObject } from "../json.ts";
import { conversationFormat } from "./format.ts";
import { listTurns } from "./list_turns.ts";
import { wrapped } from "./request_messages.ts";
import { textTurn, turnsOf, withSystem } from "./text_turn.ts";

/**
 * Logged calls of Cohere's chat, version 1: `{message, chat_history: [{role: "USER" | "CHATBOT", message}],
 * preamble}` with the answer in `text`. (Version 2 and its fine-tuning are OpenAI's messages, whose
 * assistant is called `Chatbot`.)
 *
 * Source: docs.cohere.com/v1/reference/chat, docs.cohere.com/docs/chat-preparing-the-data.
 */
export const cohere = conversationFormat({
  name: "cohere",
  matches: (record) => requestOf(record) !== undefined,
  read: (record) => {
    const request = requestOf(record) ?? {};
    const { response = record } = record;
    const { text, generation_id } = typeof response === "object" && response
      ? { ...response } as Record<string, typeof record.text>
      : { text: response, generation_id: undefined };
    const turns = [
      ...listTurns(request.chat_history),
      ...turnsOf([textTurn("user", request.message)]),
    ];
    return [{
      id: request.conversation_id ?? generation_id,
      model: request.model,
      isCall: true,
      turns: [
        ...withSystem(request.preamble, turns),
        textTurn("assistant", text),
      ],
    }];
  },
});

function requestOf(record: Parameters<typeof wrapped>[0]) {
  return wrapped(
    record,
    ["request", "request_body", "body"],
    ({ message, chat_history }) =>
      typeof message === "string" &&
      typeof firstObject(chat_history)?.message === "string",
  );
}
