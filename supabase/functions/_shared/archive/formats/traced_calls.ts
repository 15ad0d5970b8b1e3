import {
  isObject,
  type Json,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { storedJson } from "../records/stored_json.ts";
import { messageFormat } from "./format.ts";
import { loggedAnswer, loggedCall, loggedTurns } from "./logged_input.ts";
import { openSpans, type Span } from "./spans.ts";

/** What a tracing tool wrote of a step; without a request it is no call of a model. */
interface Call {
  trace: Json | undefined;
  conversation?: Json;
  request?: Json;
  answer?: Json;
  time?: Json;
  model?: Json;
}

/** Reads a step of one tool; undefined: it is not of this tool. */
type Tool = (span: JsonObject) => Call | undefined;

/**
 * Steps of traces as tools other than OpenTelemetry's export them, one record each or in `spans`,
 * `traces` and `results`: MLflow (`span_type`, also as its server writes it), Opik (`type: "llm"`),
 * W&B Weave (`op_name`), PostHog (`$ai_generation`), and Phoenix's spans, nested or with dotted
 * columns. The calls of one trace are one conversation, or of one session where they name it.
 * github.com/experientiallabs/experiential, exp/simulation/ingest; mlflow.org/docs/latest/genai/tracing;
 * posthog.com/docs/ai-engineering; arize.com/docs/phoenix.
 */
export const tracedCalls = messageFormat({
  name: "traced_calls",
  matches: (record) => stepsIn(record).some((span) => readCall(span)),
  open: () => openSpans(stepsIn, readStep),
});

function stepsIn(record: JsonObject): JsonObject[] {
  const { info, data, spans, traces, results } = record;
  if (Array.isArray(traces)) return objectsOf(traces).flatMap(stepsIn);
  const inside = spans ?? results ?? objectOrEmpty(data).spans;
  if (!Array.isArray(inside)) return [record];
  const { trace_id, trace_metadata } = objectOrEmpty(info);
  const session = objectOrEmpty(trace_metadata)["mlflow.trace.session"];
  return objectsOf(inside).map((span) => ({ trace_id, session, ...span }));
}

function readStep(span: JsonObject): Span {
  const call = readCall(span) ?? { trace: undefined };
  const trace = textOrUndefined(call.trace) ?? "";
  return {
    conversation: textOrUndefined(call.conversation) ?? trace,
    trace,
    start: String(call.time ?? ""),
    turns: loggedCall(
      loggedTurns(unwrapped(call.request)),
      loggedAnswer(unwrapped(call.answer)),
      call,
    ),
  };
}

function readCall(span: JsonObject): Call | undefined {
  for (const tool of TOOLS) {
    const call = tool(span);
    if (call !== undefined) return call;
  }
  return undefined;
}

const mlflow: Tool = (span) => {
  const attributes = objectOrEmpty(span.attributes);
  const kind = span.span_type ?? span.spanType ?? attributes["mlflow.spanType"];
  if (typeof kind !== "string") return undefined;
  const trace = span.trace_id ?? span.traceId;
  // Its server writes attributes as JSON.
  if (!/^"?(?:LLM|CHAT_MODEL)"?$/.test(kind)) return { trace };
  return {
    trace,
    conversation: span.session,
    request: span.inputs ?? attributes["mlflow.spanInputs"],
    answer: span.outputs ?? attributes["mlflow.spanOutputs"],
    time: span.start_time_ns ?? span.start_time_unix_nano ?? span.startTime,
    model: attributes["llm.request.model"],
  };
};

const opik: Tool = (span) => {
  const { trace_id: trace, type, input, output, start_time, model } = span;
  if (typeof trace !== "string" || input === undefined) return undefined;
  if (!/^(?:llm|tool|general|guardrail)$/.test(`${type}`)) return undefined;
  return type === "llm"
    ? { trace, request: input, answer: output, time: start_time, model }
    : { trace };
};

const weave: Tool = ({ op_name, trace_id: trace, inputs, ...call }) => {
  if (typeof op_name !== "string" || !isObject(inputs)) return undefined;
  // What calls a model has its messages; the functions around it have arguments of their own.
  return Array.isArray(inputs.messages ?? inputs.contents)
    ? {
      trace,
      request: inputs,
      answer: call.output,
      time: call.started_at,
      model: inputs.model,
    }
    : { trace };
};

const posthog: Tool = ({ event, distinct_id, timestamp, ...record }) => {
  const properties = storedJson(record.properties);
  if (typeof event !== "string" || !isObject(properties)) return undefined;
  const trace = properties.$ai_trace_id;
  if (distinct_id === undefined && trace === undefined) return undefined;
  return event === "$ai_generation"
    ? {
      trace,
      conversation: properties.$ai_session_id,
      request: properties.$ai_input,
      answer: properties.$ai_output_choices ?? properties.$ai_output,
      time: timestamp,
      model: properties.$ai_model,
    }
    : { trace };
};

const phoenix: Tool = (span) => {
  const trace = at(span, "context.trace_id");
  const kind = at(span, "attributes.openinference.span.kind") ?? span.span_kind;
  if (trace === undefined || typeof kind !== "string") return undefined;
  const of = (name: string) => at(span, `attributes.${name}`);
  return kind === "LLM"
    ? {
      trace,
      conversation: of("session.id"),
      request: of("llm.input_messages") ?? of("input.value"),
      answer: of("llm.output_messages") ?? of("output.value"),
      time: span.start_time,
      model: of("llm.model_name"),
    }
    : { trace };
};

const TOOLS: readonly Tool[] = [mlflow, opik, weave, posthog, phoenix];

/** The messages of a list that wraps each in an object: `{message: {role}}`, `{"message.role"}`. */
function unwrapped(list: Json | undefined): Json | undefined {
  if (!Array.isArray(list)) return list;
  return list.map((entry) =>
    isObject(entry) && at(entry, "message.role") !== undefined
      ? {
        role: at(entry, "message.role"),
        content: at(entry, "message.content") ?? null,
      }
      : entry
  );
}

/** A member by its path, whichever of its dots are part of a name. */
function at(value: JsonObject, path: string): Json | undefined {
  if (value[path] !== undefined) return value[path];
  for (const name in value) {
    const inside = value[name];
    if (!path.startsWith(`${name}.`) || !isObject(inside)) continue;
    const found = at(inside, path.slice(name.length + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}
