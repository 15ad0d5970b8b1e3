import type { Conversation, Turn } from "../conversation.ts";
import {
  firstObject,
  isObject,
  type Json,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { leaveOut } from "../left_out.ts";
import { mergeCalls, mergeTraces } from "./call_history.ts";
import {
  buildAll,
  type ConversationBuilder,
  conversationFormat,
  messageFormat,
} from "./format.ts";
import { loggedAnswer, loggedCall, loggedTurns } from "./logged_input.ts";

/** One of these is beside a trace's input, in every version. */
const MARKS = [
  "environment",
  "userId",
  "projectId",
  "observations",
  "sessionId",
  "htmlPath",
];

function isTrace({ id, timestamp, type }: JsonObject): boolean {
  return typeof id === "string" && timestamp !== undefined &&
    type === undefined;
}

interface Trace {
  about: JsonObject | undefined;
  observations: JsonObject[];
}

/**
 * Langfuse as records: traces and observations from the API or as JSONL. The trace's own input
 * counts; without it the earliest generation's. A session is one conversation, else a trace is.
 */
export const langfuseRows = messageFormat({
  name: "langfuse_rows",
  matches: (record) =>
    record.input !== undefined &&
    ((typeof record.traceId === "string" && typeof record.type === "string" &&
      record.type === record.type.toUpperCase()) ||
      isTrace(record) && MARKS.some((key) => record[key] !== undefined)),
  conversationOf: (record) =>
    textOrUndefined(record.sessionId) ??
      textOrUndefined(record.traceId ?? record.id),
  open: openSession,
});

/** Langfuse as one object: `{trace, observations}` from the page, `{data: […], meta}` from the API. */
export const langfuse = conversationFormat({
  name: "langfuse",
  matches: (record) =>
    isObject(record.trace) && Array.isArray(record.observations) ||
    langfuseRows.matches(firstObject(record.data)) ||
    // The public API leaves out what a trace does not have.
    isObject(record.meta) &&
      objectsOf(record.data).some((entry) =>
        entry.input !== undefined && isTrace(entry)
      ),
  read: (record) => {
    if (!isObject(record.trace)) {
      return buildAll(langfuseRows, objectsOf(record.data));
    }
    const builder = openSession(
      textOrUndefined(record.trace.sessionId ?? record.trace.id),
    );
    builder.add({ ...record.trace, observations: record.observations });
    return builder.build();
  },
});

function openSession(id: string | undefined): ConversationBuilder {
  const traces = new Map<Json | undefined, Trace>();
  return {
    add(record) {
      const key = record.traceId ?? record.id;
      const trace = traces.get(key) ?? { about: undefined, observations: [] };
      traces.set(key, trace);
      if (record.traceId === undefined) {
        trace.about = record;
        trace.observations.push(...objectsOf(record.observations));
      } else trace.observations.push(record);
      return true;
    },
    build() {
      const ordered = [...traces.values()].sort((a, b) =>
        compare(startOf(a), startOf(b))
      );
      const titled = ordered.find(({ about }) => about !== undefined);
      const conversation: Conversation = {
        id,
        title: textOrUndefined(titled?.about?.name),
        turns: mergeTraces(ordered.map(traceTurns)),
      };
      return [conversation];
    },
  };
}

function traceTurns({ about, observations }: Trace): Turn[] {
  const own = answered(about);
  if (hasPrompt(own)) return own;
  const generations = observations
    .filter(({ type }) => type === "GENERATION")
    .sort((a, b) => compare(a.startTime, b.startTime));
  const roots = observations
    .filter(({ parentObservationId }) =>
      (parentObservationId ?? null) === null
    );
  const [root] = roots.map(answered).filter(hasPrompt);
  const turns = root ?? mergeCalls(generations.map(answered));
  if (!hasPrompt(turns)) leaveOut("trace", about ?? observations[0]);
  return turns;
}

function hasPrompt(turns: Turn[]): boolean {
  return turns.some(({ role }) => role === "user");
}

function answered(logged: JsonObject | undefined): Turn[] {
  if (logged === undefined) return [];
  return loggedCall(loggedTurns(logged.input), loggedAnswer(logged.output), {
    time: logged.timestamp ?? logged.startTime,
    model: logged.model,
  });
}

function startOf({ about, observations }: Trace): Json | undefined {
  return about?.timestamp ?? observations[0]?.startTime;
}

function compare(a: Json | undefined, b: Json | undefined): number {
  const [left, right] = [String(a ?? ""), String(b ?? "")];
  return left < right ? -1 : left > right ? 1 : 0;
}
