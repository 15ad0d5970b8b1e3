import type { Turn } from "../conversation.ts";
import { isObject, type JsonObject, textOrUndefined } from "../json.ts";
import type { ConversationBuilder, MessageFormat } from "./format.ts";
import { textOf } from "./text_of.ts";

/**
 * Kimi CLI's `wire.jsonl`: `turn.prompt` and `turn.steer` are what a person typed. The same text
 * follows as `context.append_message`, which counts only in files that have no `turn.prompt`; answers
 * come as `content.part` events. Versions before that write `{timestamp, message: {type: "TurnBegin",
 * payload: {user_input}}}`.
 */
export const kimiCli: MessageFormat = {
  kind: "message",
  name: "kimi_cli",
  matches: (record) =>
    isObject(record) &&
    ((record.protocol_version !== undefined && record.type === "metadata") ||
      isOldEvent(record) ||
      (typeof record.type === "string" &&
        /^(?:turn\.(?:prompt|steer)|context\.append_(?:message|loop_event))$/
          .test(record.type))),
  conversationOf: () => undefined,
  open: openWire,
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
      return prompt !== undefined || message !== undefined;
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
      ? turnOf("user", timed(record), textOf(payload.user_input))
      : undefined;
  }
  if (record.type !== "turn.prompt" && record.type !== "turn.steer") {
    return undefined;
  }
  if (!isFromUser(record)) return undefined;
  return turnOf("user", record, textOf(record.input ?? record.content));
}

function appendedPrompt(record: JsonObject): Turn | undefined {
  const { type, message } = record;
  if (type !== "context.append_message" || !isObject(message)) return undefined;
  if (message.role !== "user" || !isFromUser(message)) return undefined;
  return turnOf("user", record, textOf(message.content));
}

function answerOf(record: JsonObject): Turn | undefined {
  if (isOldEvent(record)) {
    const { type, payload } = eventOf(record);
    return type === "ContentPart"
      ? turnOf("assistant", timed(record), textOf([payload]))
      : undefined;
  }
  const { type, event, message } = record;
  if (type === "context.append_loop_event" && isObject(event)) {
    return event.type === "content.part"
      ? turnOf("assistant", record, textOf([event.part ?? null]))
      : undefined;
  }
  return type === "context.append_message" && isObject(message) &&
      message.role === "assistant"
    ? turnOf("assistant", record, textOf(message.content))
    : undefined;
}

function isFromUser({ origin }: JsonObject): boolean {
  return !isObject(origin) || origin.kind === undefined ||
    origin.kind === "user";
}

function turnOf(
  role: "user" | "assistant",
  { time, id }: JsonObject,
  text: string,
): Turn | undefined {
  return text === ""
    ? undefined
    : { role, text, id: textOrUndefined(id), time: time ?? undefined };
}

function isOldEvent({ type, message }: JsonObject): boolean {
  return type === undefined && isObject(message) && isObject(message.payload) &&
    typeof message.type === "string";
}

function eventOf({ message }: JsonObject) {
  const event = isObject(message) ? message : {};
  const payload = isObject(event.payload) ? event.payload : {};
  return { type: event.type, payload };
}

function timed({ timestamp }: JsonObject): JsonObject {
  return { time: timestamp };
}
