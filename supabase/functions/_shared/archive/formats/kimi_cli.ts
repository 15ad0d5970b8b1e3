import type { Turn } from "../conversation.ts";
import { isObject, type JsonObject, objectOrEmpty } from "../json.ts";
import { kindOf, leaveOut } from "../left_out.ts";
import { type ConversationBuilder, messageFormat } from "./format.ts";
import { textOf } from "./text_of.ts";
import { textTurn } from "./text_turn.ts";

/**
 * Kimi CLI's `wire.jsonl`: `turn.prompt` and `turn.steer` are what a person typed. The same text
 * follows as `context.append_message`, which counts only in files that have no `turn.prompt`; answers
 * come as `content.part` events. Versions before that write `{timestamp, message: {type: "TurnBegin",
 * payload: {user_input}}}`.
 */
export const kimiCli = messageFormat({
  name: "kimi_cli",
  matches: (record) =>
    (record.protocol_version !== undefined && record.type === "metadata") ||
    isOldEvent(record) ||
    (typeof record.type === "string" &&
      /^(?:turn\.(?:prompt|steer)|context\.append_(?:message|loop_event))$/
        .test(record.type)),
  open: openWire,
});

const IGNORED = {
  "context.append_*": "context, thoughts and tools",
  "turn.prompt*": "sent by the program",
  "turn.steer*": "sent by the program",
  "turn.end*": "about the turn",
  "Step*": "about the turn",
  "Think*": "thoughts of the model",
  "Tool*": "a tool's call or what it answered",
  "ContentPart*": "thoughts of the model",
  "ApprovalRequest*": "a question of a tool",
  "SubagentEvent*": "of a sub-agent",
  "Status*": "about the turn",
  "Compaction*": "a summary of earlier turns",
  metadata: "about the session",
};

function openWire(): ConversationBuilder {
  const typed: Turn[] = [];
  const appended: Turn[] = [];
  return {
    add(record) {
      const answer = answerOf(record);
      if (answer !== undefined) {
        typed.push(answer);
        appended.push(answer);
        return true;
      }
      const prompt = promptOf(record);
      const message = appendedPrompt(record);
      if (prompt !== undefined) typed.push(prompt);
      if (message !== undefined) appended.push(message);
      const isTurn = prompt !== undefined || message !== undefined;
      if (!isTurn) leaveOut(kindOf, record, IGNORED);
      return isTurn;
    },
    build() {
      const direct = typed.some(({ role }) => role === "user");
      return [{ turns: direct ? typed : appended }];
    },
  };
}

function promptOf(record: JsonObject): Turn | undefined {
  if (isOldEvent(record)) {
    const { type, payload } = eventOf(record);
    return type === "TurnBegin" || type === "SteerInput"
      ? textTurn("user", textOf(payload.user_input), factsOf(record))
      : undefined;
  }
  if (record.type !== "turn.prompt" && record.type !== "turn.steer") {
    return undefined;
  }
  if (!isFromUser(record)) return undefined;
  return textTurn(
    "user",
    textOf(record.input ?? record.content),
    factsOf(record),
  );
}

function appendedPrompt(record: JsonObject): Turn | undefined {
  const { type, message } = record;
  if (type !== "context.append_message" || !isObject(message)) return undefined;
  if (message.role !== "user" || !isFromUser(message)) return undefined;
  return textTurn("user", textOf(message.content), factsOf(record));
}

function answerOf(record: JsonObject): Turn | undefined {
  if (isOldEvent(record)) {
    const { type, payload } = eventOf(record);
    return type === "ContentPart"
      ? textTurn("assistant", textOf([payload]), factsOf(record))
      : undefined;
  }
  const { type, event, message } = record;
  if (type === "context.append_loop_event" && isObject(event)) {
    return event.type === "content.part"
      ? textTurn("assistant", textOf([event.part ?? null]), factsOf(record))
      : undefined;
  }
  return type === "context.append_message" && isObject(message) &&
      message.role === "assistant"
    ? textTurn("assistant", textOf(message.content), factsOf(record))
    : undefined;
}

function isFromUser({ origin }: JsonObject): boolean {
  return !isObject(origin) || origin.kind === undefined ||
    origin.kind === "user";
}

function isOldEvent({ type, message }: JsonObject): boolean {
  return type === undefined && isObject(message) && isObject(message.payload) &&
    typeof message.type === "string";
}

function eventOf({ message }: JsonObject) {
  const { type, payload } = objectOrEmpty(message);
  return { type, payload: objectOrEmpty(payload) };
}

function factsOf({ timestamp, id, time = timestamp }: JsonObject) {
  return { id, time };
}
