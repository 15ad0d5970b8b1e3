import type { Turn } from "../conversation.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { leaveOut } from "../left_out.ts";
import { mergeCalls } from "./call_history.ts";
import { rowConversation } from "./dataset_row.ts";
import {
  type ConversationBuilder,
  conversationFormat,
  messageFormat,
  type ReadConversation,
} from "./format.ts";
import { loggedAnswer, loggedCall, loggedTurns } from "./logged_input.ts";
import { describeLastPrompt } from "./text_turn.ts";

/**
 * The log of a run of OpenAI's open-source Evals: a line `{spec}`, events `{run_id, event_id,
 * sample_id, type, data}` and `{final_report}`. A sample is a conversation; its events of type
 * `sampling` hold prompt and answer, its `match` what was expected. A judge is asked with the sample's
 * own prompt and answer in the text: that is no prompt. github.com/openai/evals, evals/record.py.
 */
export const openaiEvalsLog = messageFormat({
  name: "openai_evals_log",
  matches: (record) =>
    typeof record.run_id === "string" && record.event_id !== undefined &&
      typeof record.type === "string" && isObject(record.data) ||
    isObject(record.spec) && record.spec.completion_fns !== undefined ||
    isObject(record.final_report) && Object.keys(record).length <= 2,
  ignored: {
    match: "what was expected, kept beside the prompt",
    metrics: "a score",
    "raw_sample*": "the row of the data set; the prompt is in `sampling`",
    embedding: "sends no conversation",
    function_call: "a tool's call or what it answered",
    cond_logp: "asks for a likelihood, not for an answer",
    pick_option: "asks for a likelihood, not for an answer",
    error: "of the program",
    extra: "of the program",
    "final_report*": "a score",
    spec: "tells of the run",
    "sampling/judge": "asks a judge about the answer",
  },
  conversationOf: ({ sample_id }) => textOrUndefined(sample_id) ?? null,
  open: openSample,
});

function openSample(id: string | undefined): ConversationBuilder {
  const calls: Turn[][] = [];
  const metadata: Record<string, Json> = {};
  let model: string | undefined;
  return {
    add(record) {
      const { type, data, created_at } = record;
      const { prompt, sampled, expected, correct, ...more } = objectOrEmpty(
        data,
      );
      if (type === "match") {
        if (expected !== undefined) metadata.expected = expected;
        if (correct !== undefined) metadata.correct = correct;
      }
      if (type !== "sampling") {
        leaveOut(String(type ?? Object.keys(record)[0]), record);
        return false;
      }
      const turns = loggedTurns(prompt);
      if (isAboutAnswer(turns, calls.at(-1))) {
        leaveOut("sampling/judge", record);
        return false;
      }
      model ??= textOrUndefined(more.model);
      calls.push(loggedCall(turns, sampledText(sampled), { time: created_at }));
      return true;
    },
    build() {
      const turns = mergeCalls(calls);
      if (Object.keys(metadata).length > 0) {
        describeLastPrompt(turns, { ...metadata });
      }
      return turns.length === 0 ? [] : [{ id, model, turns }];
    },
  };
}

/** True where a prompt holds the question and the answer of the call before it. */
function isAboutAnswer(turns: Turn[], before: Turn[] | undefined): boolean {
  const [asked, answered] = [before?.at(-2), before?.at(-1)];
  const last = turns.at(-1)?.text ?? "";
  return asked !== undefined && answered?.role === "assistant" &&
    last.includes(asked.text) && last.includes(answered.text);
}

function sampledText(sampled: Json | undefined): string | undefined {
  return Array.isArray(sampled) && typeof sampled[0] === "string"
    ? sampled[0]
    : loggedAnswer(sampled);
}

/**
 * Output items of a run of hosted Evals, one each or as the API lists them: `{object:
 * "eval.run.output_item", datasource_item, sample: {input, output, model}, results}`. The prompt is what
 * was sent, or where that is missing (Azure) the row. platform.openai.com/docs/api-reference/evals.
 */
export const openaiEvalsOutput = conversationFormat({
  name: "openai_evals_output",
  matches: (record) => outputItemsOf(record).length > 0,
  read: (record) => outputItemsOf(record).map(readOutputItem),
});

function outputItemsOf(record: JsonObject): JsonObject[] {
  const isItem = ({ object }: JsonObject) => object === "eval.run.output_item";
  return isItem(record) ? [record] : objectsOf(record.data).filter(isItem);
}

function readOutputItem(item: JsonObject): ReadConversation | undefined {
  const { datasource_item, sample, results, status, created_at } = item;
  const row = objectOrEmpty(datasource_item);
  const { input, output, model } = objectOrEmpty(sample);
  const id = textOrUndefined(item.id);
  const scores = Object.fromEntries(
    objectsOf(results).map(({ name, score, passed }) =>
      [String(name), score ?? passed ?? null] as const
    ),
  );
  const sent = loggedTurns(input);
  const about = { ...row, ...status !== undefined && { status }, scores };
  if (!sent.some(({ role }) => role === "user")) {
    return rowConversation({
      response: row["sample.output_text"],
      ...about,
      id,
      created_at,
    }, { firstText: true });
  }
  const turns = loggedCall(sent, loggedAnswer(output), { time: created_at });
  describeLastPrompt(turns, about);
  return { id, model, turns };
}

/**
 * Rows of a data source of hosted Evals: `{item: {…}, sample: {output_text}}`. Which column is asked
 * stands in the eval and not in the file: a known name, or else the first text. All others are metadata,
 * which a template can name. platform.openai.com/docs/guides/evals.
 */
export const openaiEvalsItems = conversationFormat({
  name: "openai_evals_items",
  matches: ({ item, ...more }) =>
    isObject(item) && item.type === undefined && item.role === undefined &&
    Object.keys(more).every((key) => ITEM_KEYS.has(key)),
  read: ({ item, sample, id }) => {
    const { output_text, output, model } = objectOrEmpty(sample);
    const answer = output_text ?? loggedAnswer(output);
    const row = { id, model, ...objectOrEmpty(item) };
    const { messages, ...columns } = row as JsonObject;
    const asked = { ...Array.isArray(messages) && { prompt: messages } };
    const found = {
      ...asked,
      ...columns,
      ...answer !== undefined && { completion: answer },
    };
    return [rowConversation(found, { firstText: true })];
  },
});

const ITEM_KEYS = new Set(["sample", "id", "metadata", "created_at"]);
