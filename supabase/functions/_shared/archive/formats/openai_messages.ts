import {
  firstObject,
  isObject,
  type JsonObject,
  textOrUndefined,
} from "../json.ts";
import { conversationIdOf } from "../conversation_id.ts";
import { expectedOf } from "./dataset_row.ts";
import { conversationFormat } from "./format.ts";
import { listTurns } from "./list_turns.ts";
import { messagesOf, requestOf } from "./request_messages.ts";
import { textOf } from "./text_of.ts";
import { textTurn } from "./text_turn.ts";

/**
 * `{messages: [{role, content}]}`: OpenAI chat completions and fine-tuning, Hugging Face chat sets,
 * BetterChatGPT, HuggingChat, Amp, LangChain, and the wrappers in which programs log such a request.
 * The reader of last resort for anything with `messages`.
 */
export const openaiMessages = conversationFormat({
  name: "openai_messages",
  matches: (record) => requestOf(record) !== undefined,
  lacksMessages: ({ id, title, messages }) =>
    messages === null || (id !== undefined && title !== undefined)
      ? "messages"
      : undefined,
  read: (record) => {
    const turns = listTurns(messagesOf(record));
    const request = requestOf(record);
    const last = turns.at(-1)?.role === "user" ? turns.at(-1) : undefined;
    // A row of a data set tells what is expected, and more of it.
    const column = request === record
      ? "messages"
      : request === record.input
      ? "input"
      : undefined;
    const expected = last && column && expectedOf(record, column) || undefined;
    if (expected?.metadata) last!.metadata = expected.metadata;
    const answer = last && (answerOf(record) || expected?.reference);
    const id = conversationIdOf(record) ?? textOrUndefined(
      record.id ?? record.prompt_id ?? record.custom_id ?? record.uuid,
    );
    const title = textOrUndefined(record.title ?? record.name);
    return [{
      id,
      title,
      model: request?.model ?? record.model,
      // What has a name is a conversation of its own, even if it begins like the one before it.
      isCall: title === undefined && expected === undefined &&
        (id === undefined || request !== record ||
          record.response !== undefined),
      turns: [...turns, textTurn("assistant", answer)],
    }];
  },
});

/** The logged response to the request, when the record holds both. */
function answerOf(record: JsonObject): string {
  const response = record.response ?? record.response_body ?? record.output;
  const body = isObject(response) && isObject(response.body)
    ? response.body
    : response;
  if (typeof body === "string") return body;
  if (!isObject(body)) return "";
  const choice = firstObject(body.choices);
  return isObject(choice?.message)
    ? textOf(choice.message.content)
    : textOf(body.content);
}
