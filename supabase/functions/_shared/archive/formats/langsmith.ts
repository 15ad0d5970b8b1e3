import type { Turn } from "../conversation.ts";
import {
  firstObject,
  type JsonObject,
  objectOrEmpty,
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
import { groupBy } from "./group_by.ts";
import { loggedAnswer, loggedCall, loggedTurns } from "./logged_input.ts";

/**
 * LangSmith runs as records: `{id, trace_id, run_type, inputs, outputs}`. Of a trace the root counts,
 * or else its model calls; a thread (`extra.metadata`) is one conversation, else a trace is.
 */
export const langsmithRuns = messageFormat({
  name: "langsmith_runs",
  matches: (record) =>
    typeof record.run_type === "string" &&
    record.inputs !== undefined,
  conversationOf: (run) => threadOf(run) ?? traceOf(run),
  open: openThread,
});

/**
 * LangSmith as one object: `{runs: […]}`, `{data: […]}`, or a batch of the SDK, `{post, patch}`, in
 * which a patch repeats the inputs of its run.
 */
export const langsmith = conversationFormat({
  name: "langsmith",
  matches: (record) =>
    Array.isArray(record.post) && Array.isArray(record.patch) ||
    langsmithRuns.matches(firstObject(record.runs) ?? firstObject(record.data)),
  read: (record) => {
    const runs = Array.isArray(record.post)
      ? [...objectsOf(record.post), ...objectsOf(record.patch)]
      : objectsOf(record.runs ?? record.data);
    return buildAll(langsmithRuns, runs);
  },
});

function threadOf(run: JsonObject): string | undefined {
  const metadata = objectOrEmpty(objectOrEmpty(run.extra).metadata);
  return textOrUndefined(
    metadata.session_id ?? metadata.thread_id ?? metadata.conversation_id,
  );
}

function traceOf(run: JsonObject): string | undefined {
  return textOrUndefined(run.trace_id ?? run.id);
}

function openThread(id: string | undefined): ConversationBuilder {
  const runs: JsonObject[] = [];
  return {
    add: (run) => runs.push(run) > 0,
    build: () => {
      const ordered = [...groupBy(runs, traceOf).values()]
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
  const turns = mergeCalls(
    ordered.filter(({ run_type }) => run_type === "llm").map(answered),
  );
  if (turns.length === 0) leaveOut("trace", ordered[0]);
  return turns;
}

function hasParent(run: JsonObject): boolean {
  const parents = run.parent_run_ids;
  return typeof run.parent_run_id === "string" ||
    (Array.isArray(parents) && parents.length > 0);
}

function order(run: JsonObject): string {
  return String(run.dotted_order ?? run.start_time ?? "");
}

function answered(run: JsonObject): Turn[] {
  return loggedCall(loggedTurns(run.inputs), loggedAnswer(run.outputs), {
    time: run.start_time,
    model: objectOrEmpty(run.inputs).model,
  });
}
