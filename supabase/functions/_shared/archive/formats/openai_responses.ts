import type { Turn } from "../conversation.ts";
import { isObject, type Json, type JsonObject, objectsOf } from "../json.ts";
import { expectedOf } from "./dataset_row.ts";
import { conversationFormat } from "./format.ts";
import { listTurns } from "./list_turns.ts";
import { loggedAnswer } from "./logged_input.ts";
import { wrapped } from "./request_messages.ts";
import { textOf } from "./text_of.ts";
import { describeLastPrompt, textTurn, turnsOf } from "./text_turn.ts";

/**
 * OpenAI Responses: `{input: "text" | [{role, content: [{type: "input_text", text}]}], output}`, the
 * lines of its batches, evals (`{input: […], ideal}`) and the oldest Codex sessions (`{session, items}`).
 */
export const openaiResponses = conversationFormat({
  name: "openai_responses",
  matches: (record) => requestOf(record) !== undefined,
  read: (record) => {
    const request = requestOf(record);
    if (request === undefined) return [];
    const about = isObject(record.session) ? record.session : request;
    const response = isObject(record.response) ? record.response : record;
    const expected = expectedOf(record, "input");
    const answer = outputText(response) || loggedAnswer(record.output) ||
      expected?.reference;
    const turns = inputTurns(request);
    describeLastPrompt(turns, expected?.metadata);
    return [{
      id: record.custom_id ?? about.id ?? record.id,
      model: request.model ?? record.model,
      // A Codex session is one; requests repeat the turns of the ones before them.
      isCall: record.session === undefined && expected === undefined,
      turns: [...turns, textTurn("assistant", answer)],
    }];
  },
});

function requestOf(record: JsonObject): JsonObject | undefined {
  return isOtherCall(record.url)
    ? undefined
    : wrapped(record, ["request", "request_body", "body"], isRequest);
}

function isRequest(place: JsonObject): boolean {
  if (isItemList(place.input) || isItemList(place.items)) return true;
  return typeof place.input === "string" && typeof place.model === "string" &&
    // Pairs of texts have an answer.
    typeof place.output !== "string" &&
    !isOtherCall(place.model);
}

/** Embeddings, moderations and speech have an `input` too and are no conversations. */
function isOtherCall(name: Json | undefined): boolean {
  return typeof name === "string" &&
    /embedding|moderation|speech|tts/.test(name);
}

function isItemList(value: Json | undefined): boolean {
  return objectsOf(value).some(({ type, role }) =>
    typeof role === "string" || type === "message" || type === "function_call"
  );
}

function inputTurns(request: JsonObject): Turn[] {
  const input = request.input ?? request.items;
  return turnsOf([
    textTurn("system", request.instructions),
    textTurn("user", input),
    // Items with a role may come without type; calls, results and reasoning have a type and no role.
    ...listTurns(objectsOf(input).filter(({ role }) => role !== undefined)),
  ]);
}

function outputText(response: JsonObject): string {
  return objectsOf(response.output)
    .filter(({ type }) => type === "message")
    .map(({ content }) => textOf(content))
    .filter((text) => text !== "").join("\n");
}
