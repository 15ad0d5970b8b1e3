import { isObject, type JsonObject } from "../json.ts";
import { conversationFormat } from "./format.ts";
import { loggedAnswer, loggedCall, loggedTurns } from "./logged_input.ts";

/**
 * Bedrock's log of model invocations: `{modelId, input: {inputBodyJson}, output: {outputBodyJson}}`.
 * The bodies are those of the provider, or of the Converse API.
 */
export const bedrockLog = conversationFormat({
  name: "bedrock_log",
  matches: (record) => bodyIn(record.input) !== undefined,
  read: (record) => [{
    model: record.modelId,
    isCall: true,
    turns: loggedCall(loggedTurns(bodyIn(record.input)), answerOf(record), {
      time: record.timestamp,
    }),
  }],
});

function bodyIn(input: JsonObject[string]): JsonObject | undefined {
  if (!isObject(input)) return undefined;
  const body = input.inputBodyJson ?? input.outputBodyJson;
  return isObject(body) ? body : undefined;
}

function answerOf({ output }: JsonObject): string | undefined {
  const body = bodyIn(output);
  if (body === undefined) return undefined;
  return loggedAnswer(body);
}
