import type { Turn } from "../conversation.ts";
import {
  type Json,
  type JsonObject,
  objectOrEmpty,
  textOrUndefined,
} from "../json.ts";
import { leaveOut } from "../left_out.ts";
import { mergeTraces } from "./call_history.ts";
import { type MessageFormat, messageFormat, refusedFormat } from "./format.ts";
import { loggedAnswer, loggedCall, loggedTurns } from "./logged_input.ts";

// Call types of LiteLLM that send no conversation.
const OTHER_CALLS = /embedding|transcription|speech|moderation|rerank|image/;
const REDACTED = "redacted-by-litellm";
const IGNORED_CALLS = {
  "call/other": "sends no conversation",
  "call/redacted": "its messages were not logged",
};

function kindOfCall({ call_type, messages }: JsonObject): string {
  if (messages === REDACTED) return "call/redacted";
  return OTHER_CALLS.test(String(call_type)) ? "call/other" : "call";
}

/**
 * LiteLLM's logs: `{call_type, messages, response, model_parameters}`; the rows of its spend table
 * hold `messages` as JSON text. Redacted logs hold a word instead.
 */
export const litellm: MessageFormat = callLog(
  "litellm",
  (record) =>
    typeof record.call_type === "string" &&
    (record.messages !== undefined ||
      record.proxy_server_request !== undefined),
  (record) => {
    const metadata = objectOrEmpty(record.metadata);
    return record.session_id ?? metadata.session_id ?? record.trace_id;
  },
  (record) => {
    if (OTHER_CALLS.test(String(record.call_type))) return [];
    if (record.messages === REDACTED) return [];
    const turns = loggedTurns(record.messages);
    return turns.length > 0 ? turns : loggedTurns(record.proxy_server_request);
  },
);

/** Helicone's export: `{request_body, response_body, request_properties}`. */
export const helicone: MessageFormat = callLog(
  "helicone",
  (record) =>
    record.request_body !== undefined &&
    (record.request_id !== undefined ||
      record.request_properties !== undefined ||
      record.request_created_at !== undefined),
  ({ request_properties }) =>
    objectOrEmpty(request_properties)["Helicone-Session-Id"],
  (record) => loggedTurns(record.request_body),
);

/** Helicone's export without `--include-body`: what was sent is not in it. */
export const heliconeWithoutBodies = refusedFormat({
  name: "helicone_without_bodies",
  matches: (record) =>
    record.request_body === undefined &&
    typeof record.request_id === "string" &&
    record.request_created_at !== undefined,
  reason:
    "this is a Helicone export without requests; export again with --include-body",
});

/** A log with a call per record: the calls of one session are one conversation. */
function callLog(
  name: string,
  matches: (record: JsonObject) => boolean,
  sessionOf: (record: JsonObject) => Json | undefined,
  turnsOf: (record: JsonObject) => Turn[],
): MessageFormat {
  return messageFormat({
    name,
    matches,
    conversationOf: (record) =>
      textOrUndefined(sessionOf(record)) ??
        textOrUndefined(record.id ?? record.request_id) ?? null,
    open: (id) => {
      const calls: Turn[][] = [];
      let model: string | undefined;
      return {
        add(record) {
          const turns = turnsOf(record);
          model ??= textOrUndefined(record.model ?? record.request_model);
          if (turns.length === 0) {
            leaveOut(kindOfCall(record), record, IGNORED_CALLS);
            return false;
          }
          calls.push(loggedCall(
            turns,
            loggedAnswer(record.response ?? record.response_body),
            { time: record.startTime ?? record.request_created_at },
          ));
          return true;
        },
        build: () => [{ id, model, turns: mergeTraces(calls) }],
      };
    },
  });
}
