import type { Turn } from "../conversation.ts";
import {
  firstObject,
  isObject,
  type Json,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { mergeCalls, mergeTraces } from "./call_history.ts";
import {
  buildAll,
  type ConversationBuilder,
  type ConversationFormat,
  type MessageFormat,
} from "./format.ts";
import { loggedAnswer, loggedTurns } from "./logged_input.ts";

/**
 * LangSmith runs as records: `{id, trace_id, run_type, inputs, outputs}`. Of a trace the root counts,
 * or else its model calls; a thread (`extra.metadata`) is one conversation, else a trace is.
 */
export const langsmithRuns: MessageFormat = {
  kind: "message",
  name: "langsmith_runs",
  matches: (record) =>
    isObject(record) && typeof record.run_type === "string" &&
    record.inputs !== undefined,
  conversationOf: (run) => threadOf(run) ?? traceOf(run),
  open: openThread,
};

/**
 * LangSmith as one object: `{runs: […]}`, `{data: […]}`, or a batch of the SDK, `{post, patch}`, in
 * which a patch repeats the inputs of its run.
 */
export const langsmith: ConversationFormat = {
  kind: "conversation",
  name: "langsmith",
  matches: (record) => {
    if (!isObject(record)) return false;
    if (Array.isArray(record.post) && Array.isArray(record.patch)) return true;
    const first = firstObject(record.runs) ?? firstObject(record.data);
    return first !== undefined && langsmithRuns.matches(first);
  },
  read: (record) => {
    if (!isObject(record)) return [];
    const runs = Array.isArray(record.post)
      ? [...objectsOf(record.post), ...objectsOf(record.patch)]
      : objectsOf(record.runs ?? record.data);
    return buildAll(langsmithRuns, runs);
  },
};

function threadOf(run: JsonObject): string | undefined {
  const extra = isObject(run.extra) ? run.extra : {};
  const metadata = isObject(extra.metadata) ? extra.metadata : {};
  return textOrUndefined(
    metadata.session_id ?? metadata.thread_id ?? metadata.conversation_id,
  );
}

function traceOf(run: JsonObject): string | undefined {
  return textOrUndefined(run.trace_id ?? run.id);
}

function openThread(id: string | undefined): ConversationBuilder {
  const traces = new Map<string | undefined, JsonObject[]>();
  return {
    add(run) {
      const key = traceOf(run);
      const runs = traces.get(key);
      if (runs === undefined) traces.set(key, [run]);
      else runs.push(run);
      return true;
    },
    build: () => {
      const ordered = [...traces.values()]
        .sort(([a], [b]) => order(a).localeCompare(order(b)));
      return [{ id, turns: mergeTraces(ordered.map(traceTurns)) }];
    },
  };
}

function traceTurns(runs: JsonObject[]): Turn[] {
  const ordered = runs.toSorted((a, b) => order(a).localeCompare(order(b)));
  const root = ordered.filter((run) => !hasParent(run)).map(answered);
  const merged = mergeCalls(root);
  if (merged.some(({ role }) => role === "user")) return merged;
  return mergeCalls(
    ordered.filter(({ run_type }) => run_type === "llm").map(answered),
  );
}

function hasParent(run: JsonObject): boolean {
  const parents = run.parent_run_ids;
  return typeof run.parent_run_id === "string" ||
    (Array.isArray(parents) && parents.length > 0);
}

function order(run: JsonObject): string {
  const start: Json | undefined = run.dotted_order ?? run.start_time;
  return String(start ?? "");
}

function answered(run: JsonObject): Turn[] {
  const inputs = isObject(run.inputs) ? run.inputs : {};
  const turns = loggedTurns(run.inputs).map((turn): Turn =>
    turn.role === "user" && run.start_time !== undefined
      ? { ...turn, time: run.start_time }
      : turn
  );
  const answer = turns.at(-1)?.role === "user"
    ? loggedAnswer(run.outputs)
    : undefined;
  if (answer === undefined) return turns;
  const model = textOrUndefined(inputs.model);
  return [...turns, { role: "assistant", text: answer, ...model && { model } }];
}
