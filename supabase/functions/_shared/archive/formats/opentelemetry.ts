import type { Turn } from "../conversation.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { messageFormat } from "./format.ts";
import { loggedAnswer, loggedCall, loggedTurns } from "./logged_input.ts";
import { attributesOf, isOtlp, plainValue, spansOf } from "./otlp.ts";
import { openSpans, type Span } from "./spans.ts";
import { storedJson } from "../records/stored_json.ts";

/**
 * OpenTelemetry traces (OTLP JSON) with the conventions of GenAI, OpenLLMetry, OpenInference and the
 * AI SDK. Spans without a request to a model are passed over; `gen_ai.conversation.id` or
 * `session.id` make a conversation, else the trace does.
 */
export const opentelemetry = messageFormat({
  name: "opentelemetry",
  matches: isOtlp,
  open: () => openSpans(spansOf, readSpan),
});

function readSpan(span: JsonObject): Span {
  const attributes = attributesOf(span.attributes);
  const trace = textOrUndefined(span.traceId ?? span.trace_id) ?? "";
  const time = span.startTimeUnixNano ?? span.start_time_unix_nano;
  return {
    conversation: textOrUndefined(
      attributes.get("gen_ai.conversation.id") ?? attributes.get("session.id"),
    ) ?? trace,
    trace,
    start: String(time ?? ""),
    turns: loggedCall(
      requestTurns(attributes, span),
      answerOf(attributes, span),
      {
        time,
        model: attributes.get("gen_ai.response.model") ??
          attributes.get("gen_ai.request.model"),
      },
    ),
  };
}

function answerOf(attributes: Map<string, Json>, span: JsonObject) {
  return loggedAnswer(
    attributes.get("gen_ai.output.messages") ??
      attributes.get("gen_ai.completion.0.content") ??
      attributes.get("llm.output_messages.0.message.content") ??
      attributes.get("ai.response.text") ?? attributes.get("output.value") ??
      chosenMessage(span),
  );
}

function requestTurns(attributes: Map<string, Json>, span: JsonObject): Turn[] {
  for (
    const key of ["gen_ai.input.messages", "ai.prompt.messages", "ai.prompt"]
  ) {
    const turns = loggedTurns(attributes.get(key));
    if (turns.length > 0) return turns;
  }
  for (const [prefix, infix] of NUMBERED) {
    const turns = loggedTurns(numbered(attributes, prefix, infix));
    if (turns.length > 0) return turns;
  }
  const events = objectsOf(span.events).map(eventMessage);
  const told = loggedTurns(events.filter((event) => event !== undefined));
  if (told.length > 0) return told;
  for (const event of objectsOf(span.events)) {
    const turns = loggedTurns(
      attributesOf(event.attributes).get("gen_ai.prompt"),
    );
    if (turns.length > 0) return turns;
  }
  const kind = attributes.get("openinference.span.kind");
  return kind === "LLM" || kind === "CHAIN" || kind === "AGENT"
    ? loggedTurns(attributes.get("input.value"))
    : [];
}

const NUMBERED = [
  ["gen_ai.prompt.", ""],
  ["llm.input_messages.", "message."],
] as const;

function numbered(
  attributes: Map<string, Json>,
  prefix: string,
  infix: string,
): Json[] {
  const messages: Json[] = [];
  for (let number = 0;; number++) {
    const role = attributes.get(`${prefix}${number}.${infix}role`);
    const content = attributes.get(`${prefix}${number}.${infix}content`) ??
      attributes.get(
        `${prefix}${number}.${infix}contents.0.message_content.text`,
      );
    if (role === undefined && content === undefined) return messages;
    messages.push({ role: role ?? null, content: partsIn(content) });
  }
}

/** A list of parts, or an object, may be written as JSON text. */
function partsIn(content: Json | undefined): Json {
  const isPlain = typeof content === "string" &&
    !/^(?:\[\{|\{")/.test(content);
  return (isPlain ? content : storedJson(content)) ?? null;
}

function eventMessage(event: JsonObject): JsonObject | undefined {
  const role = /^gen_ai\.(\w+)\.message$/.exec(nameOf(event))?.[1];
  return role === undefined
    ? undefined
    : { role, content: memberOf(event, "content") ?? null };
}

/** The answer, which is an event as well. */
function chosenMessage(span: JsonObject): Json | undefined {
  const choice = objectsOf(span.events)
    .find((event) => nameOf(event) === "gen_ai.choice");
  return choice && memberOf(choice, "message");
}

function nameOf(event: JsonObject): string {
  return String(
    event.name ?? event.eventName ?? event.event_name ??
      attributesOf(event.attributes).get("event.name") ?? "",
  );
}

/** Events of spans tell in attributes what log records tell in a body. */
function memberOf(event: JsonObject, key: string): Json | undefined {
  const body = partsIn(plainValue(event.body));
  const inBody = isObject(body) ? body[key] : undefined;
  return inBody ?? attributesOf(event.attributes).get(key);
}
