import type { Turn } from "../conversation.ts";
import {
  firstObject,
  isObject,
  type Json,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import { storedJson } from "../records/stored_json.ts";
import { conversationFormat } from "./format.ts";
import { textTurn, turnsOf } from "./text_turn.ts";

/**
 * A thread of Perplexity as exporters write it: `{metadata: {thread_id, thread_title}, conversations:
 * [{index, query, answer}]}`, in the order of `index`. Here `conversations` holds turns.
 */
export const perplexityThread = conversationFormat({
  name: "perplexity",
  matches: (record) => {
    const first = firstObject(record.conversations);
    return typeof first?.query === "string" && first.messages === undefined;
  },
  read: (record) => {
    const about = objectOrEmpty(record.metadata);
    const entries = objectsOf(record.conversations)
      .toSorted((a, b) => numberOf(a.index) - numberOf(b.index));
    return [{
      id: about.thread_id ?? about.uuid ?? record.id,
      title: about.thread_title ?? about.title ?? record.title,
      turns: entries.flatMap((entry) =>
        exchange(entry.query, entry.answer, entry, entry.timestamp)
      ),
    }];
  },
});

/**
 * The same as its API gives it: `{entries: [{uuid, query_str, blocks: [{intended_usage: "ask_text",
 * markdown_block: {answer}}], text, context_uuid}]}`, also `thread_metadata` beside it. `text` is JSON, of
 * steps in which the last one holds the answer.
 *
 * Source: TGRRRR/perplexport, whose files are what `/rest/thread/{slug}` answers.
 */
export const perplexityEntries = conversationFormat({
  name: "perplexity_entries",
  matches: (record) =>
    typeof firstObject(entriesOf(record))?.query_str === "string",
  read: (record) => {
    const entries = objectsOf(entriesOf(record));
    const first = entries[0] ?? {};
    return [{
      id: first.context_uuid ?? first.thread_url_slug ?? record.id,
      title: first.thread_title ?? record.title,
      turns: entries.flatMap((entry) =>
        exchange(
          entry.query_str,
          answerOf(entry),
          entry,
          entry.entry_created_datetime ?? entry.updated_datetime ??
            entry.entry_updated_datetime,
        )
      ),
    }];
  },
});

function entriesOf(record: JsonObject): Json | undefined {
  return record.entries ?? objectOrEmpty(record.conversation).entries;
}

function exchange(
  asked: Json | undefined,
  answered: Json | undefined,
  { uuid, model, display_model }: JsonObject,
  time: Json | undefined,
): Turn[] {
  return turnsOf([
    textTurn("user", asked, { id: uuid, time }),
    // Without a time it stays behind its prompt.
    textTurn("assistant", answered, { model: model ?? display_model }),
  ]);
}

function answerOf({ blocks, text, answer }: JsonObject): Json | undefined {
  const words = objectsOf(blocks)
    .filter(({ intended_usage }) => /^ask_text/.test(String(intended_usage)))
    // The whole answer comes before its pieces, `ask_text_0_markdown`.
    .toSorted((a, b) =>
      String(a.intended_usage).length - String(b.intended_usage).length
    )
    .map(({ markdown_block }) => objectOrEmpty(markdown_block))
    .map(({ answer, chunks }) =>
      textOrUndefined(answer) ??
        (Array.isArray(chunks) ? chunks.join("") : undefined)
    ).find((found) => found !== undefined);
  return words ?? answerInSteps(text) ?? answer;
}

/** `[{step_type: "FINAL", content: {answer: "{\"answer\": …}"}}]` as text, or `{answer}`. */
function answerInSteps(text: Json | undefined): Json | undefined {
  const steps = storedJson(text);
  const last = Array.isArray(steps)
    ? objectsOf(steps).findLast(({ step_type }) => step_type === "FINAL")
    : undefined;
  const { answer } = last === undefined
    ? objectOrEmpty(steps)
    : objectOrEmpty(last.content);
  const inner = storedJson(answer);
  return isObject(inner) ? inner.answer : answer;
}

function numberOf(index: Json | undefined): number {
  return typeof index === "number" ? index : 0;
}
