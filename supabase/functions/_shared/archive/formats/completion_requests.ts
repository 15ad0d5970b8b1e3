import {
  isObject,
  isTextList,
  type Json,
  type JsonObject,
  textOrUndefined,
} from "../json.ts";
import { conversationFormat } from "./format.ts";
import { loggedTurns } from "./logged_input.ts";
import { textTurn } from "./text_turn.ts";
import { wrapped } from "./request_messages.ts";

/**
 * Requests to `/v1/completions` in batches and logs: `{custom_id, url, body: {model, prompt},
 * response}`; `prompt` is a text or a list of them, each answered by a choice.
 * platform.openai.com/docs/api-reference/batch/request-input.
 */
export const completionRequests = conversationFormat({
  name: "completion_requests",
  matches: (record) => requestOf(record) !== undefined,
  read: (record) => {
    const { prompt, model } = requestOf(record) ?? {};
    const prompts = Array.isArray(prompt) ? prompt : [prompt];
    const choices = choicesOf(record.response ?? record.response_body);
    // With n choices each, those of a prompt stand together.
    const each = Math.max(1, Math.floor(choices.length / prompts.length));
    return prompts.map((text, index) => ({
      id: prompts.length === 1 ? textOrUndefined(record.custom_id) : undefined,
      model,
      turns: [
        ...loggedTurns(text),
        textTurn("assistant", choices[index * each]),
      ],
    }));
  },
});

function requestOf(record: JsonObject): JsonObject | undefined {
  return wrapped(
    record,
    ["body", "request", "request_body"],
    (place) =>
      place !== record && typeof place.model === "string" &&
      (typeof place.prompt === "string" || isTextList(place.prompt)),
  );
}

function choicesOf(response: Json | undefined): (Json | undefined)[] {
  const body = isObject(response) && isObject(response.body)
    ? response.body
    : response;
  return isObject(body) && Array.isArray(body.choices)
    ? body.choices.filter(isObject).map(({ text }) => text)
    : [];
}
