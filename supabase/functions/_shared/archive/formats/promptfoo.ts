import {
  isObject,
  type Json,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { rowConversation } from "./dataset_row.ts";
import { conversationFormat, type ReadConversation } from "./format.ts";
import { loggedAnswer, loggedCall, loggedTurns } from "./logged_input.ts";
import { describeLastPrompt } from "./text_turn.ts";

/**
 * Results of promptfoo, `{evalId, results: {results: […]}}` or a result per line, `{prompt: {raw}, vars,
 * provider, response: {output}, success, score}`, and its tests, `{vars, assert}`. The prompt is what was
 * sent: the words of `raw`, which may be JSON of messages. www.promptfoo.dev/docs/configuration/outputs.
 */
export const promptfoo = conversationFormat({
  name: "promptfoo",
  matches: (record) =>
    isResult(record) || isTest(record) || resultsOf(record).some(isResult),
  read: (record) => {
    if (isResult(record)) return [readResult(record)];
    if (isTest(record)) return [readTest(record)];
    return resultsOf(record).map(readResult);
  },
});

function resultsOf({ results, evalId }: JsonObject): JsonObject[] {
  return isObject(results)
    ? objectsOf(results.results)
    : evalId === undefined
    ? []
    : objectsOf(results);
}

function isResult(record: JsonObject): boolean {
  const { prompt, testCase, provider, vars, success } = record;
  return (isObject(prompt) && typeof prompt.raw === "string" ||
    isObject(testCase)) &&
    (isObject(provider) || isObject(vars) || typeof success === "boolean");
}

function isTest({ vars, assert }: JsonObject): boolean {
  return isObject(vars) && Array.isArray(assert);
}

function readResult(record: JsonObject): ReadConversation | undefined {
  const { response, success, score, provider } = record;
  const test = objectOrEmpty(record.testCase);
  const vars = objectOrEmpty(record.vars ?? test.vars);
  const about = {
    vars,
    ...expectationOf(test),
    ...success !== undefined && { success },
    ...score !== undefined && { score },
  };
  const { output } = objectOrEmpty(response);
  const model = textOrUndefined(objectOrEmpty(provider).id ?? provider);
  const sent = loggedTurns(objectOrEmpty(record.prompt).raw || test.prompt);
  if (!sent.some(({ role }) => role === "user")) {
    const row = { ...about, vars: null, ...vars, completion: output, model };
    return rowConversation(row, { firstText: true });
  }
  describeLastPrompt(sent, about);
  const answer = typeof output === "string" || output === undefined
    ? output
    : loggedAnswer(output) ?? JSON.stringify(output);
  return { id: record.id, model, turns: loggedCall(sent, answer, {}) };
}

function readTest(record: JsonObject): ReadConversation | undefined {
  const { vars, description, metadata } = record;
  return rowConversation({
    ...objectOrEmpty(vars),
    ...expectationOf(record),
    description,
    metadata,
  }, { firstText: true });
}

// Assertions whose value is the answer itself, or words of it.
const EXPECTATIONS = ["equals", "similar", "contains", "icontains"];

function expectationOf({ assert }: JsonObject): { expected?: Json } {
  const found = objectsOf(assert).find(({ type, value }) =>
    EXPECTATIONS.includes(String(type)) && typeof value === "string"
  );
  return found?.value === undefined ? {} : { expected: found.value };
}
