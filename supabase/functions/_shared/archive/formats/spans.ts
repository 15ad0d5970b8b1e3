import type { Conversation, Turn } from "../conversation.ts";
import type { JsonObject } from "../json.ts";
import { leaveOut } from "../left_out.ts";
import { mergeCalls, mergeTraces } from "./call_history.ts";
import type { ConversationBuilder } from "./format.ts";
import { groupBy } from "./group_by.ts";

/** One step of a trace, with the turns of the request to a model that it is; none: it is another. */
export interface Span {
  conversation: string;
  trace: string;
  /** Sorts by its length and then as text. */
  start: string;
  turns: Turn[];
}

/** Gathers the spans of records, and makes a conversation of those that belong together. */
export function openSpans(
  spansOf: (record: JsonObject) => JsonObject[],
  readSpan: (span: JsonObject) => Span,
): ConversationBuilder {
  const spans: Span[] = [];
  return {
    add(record) {
      const before = spans.length;
      for (const span of spansOf(record)) {
        const read = readSpan(span);
        if (read.turns.some(({ role }) => role === "user")) spans.push(read);
        else leaveOut("span", span, { span: "no request to a model" });
      }
      return spans.length > before;
    },
    build: () => conversationsOf(spans),
  };
}

function conversationsOf(spans: Span[]): Conversation[] {
  const grouped = groupBy(spans, ({ conversation }) => conversation);
  return [...grouped].map(([id, own]) => {
    const ordered = own.toSorted((a, b) =>
      a.start.length - b.start.length || (a.start < b.start ? -1 : 1)
    );
    const traces = groupBy(ordered, ({ trace }) => trace);
    const turns = mergeTraces(
      [...traces.values()].map((calls) =>
        mergeCalls(calls.map((call) => call.turns))
      ),
    );
    return { id, turns };
  });
}
