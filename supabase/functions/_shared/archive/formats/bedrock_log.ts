import { isObject, type JsonObject, textOrUndefined } from "../json.ts";
import type { ConversationFormat } from "./format.ts";
import { loggedAnswer, loggedTurns } from "./logged_input.ts";

/**
 * Bedrock's log of model invocations: `{modelId, input: {inputBodyJson}, output: {outputBodyJson}}`.
 * The bodies are those of the provider, or of the Converse API.
 */
export const bedrockLog: ConversationFormat = {
  kind: "conversation",
  name: "bedrock_log",
  matches: (record) => isObject(record) && bodyIn(record.input) !== undefined,
  read: (record) => {
    if (!isObject(record)) return [];
    const turns = loggedTurns(bodyIn(record.input));
    const answer = turns.at(-1)?.role === "user" ? answerOf(record) : undefined;
    if (answer !== undefined) turns.push({ role: "assistant", text: answer });
    const { timestamp } = record;
    return [{
      model: textOrUndefined(record.modelId),
      isCall: true,
      turns: turns.map((turn) =>
        turn.role === "user" && timestamp !== undefined
          ? { ...turn, time: timestamp }
          : turn
      ),
    }];
  },
};

function bodyIn(input: JsonObject[string]): JsonObject | undefined {
  if (!isObject(input)) return undefined;
  const body = input.inputBodyJson ?? input.outputBodyJson;
  return isObject(body) ? body : undefined;
}

function answerOf({ output }: JsonObject): string | undefined {
  const body = bodyIn(output);
  if (body === undefined) return undefined;
  const result = Array.isArray(body.results) ? body.results[0] : undefined;
  return isObject(result)
    ? textOrUndefined(result.outputText)
    : loggedAnswer(isObject(body.output) ? body.output : body);
}
