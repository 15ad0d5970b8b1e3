import { createParser } from "eventsource-parser";
import { isJsonObject } from "./json_value.ts";
import type { StreamAssembly } from "./model_format.ts";

/** How the events of a streamed answer are set apart. */
export type StreamKind = "server-sent-events" | "json-lines";

/** The kind of stream which a content type announces. */
export function streamKindOf(
  contentType: string | null,
): StreamKind | undefined {
  if (contentType?.includes("text/event-stream")) return "server-sent-events";
  if (contentType && /(ndjson|jsonl|json-lines)/.test(contentType)) {
    return "json-lines";
  }
  return undefined;
}

/** The kind of stream that text sent under another content type looks like. */
export function streamKindOfText(text: string): StreamKind | undefined {
  if (/^\s*(data|event|id|retry)?:/.test(text)) return "server-sent-events";
  if (/^\s*\{.*\}\s*\n\s*\{/.test(text)) return "json-lines";
  return undefined;
}

/**
 * Assembles a streamed answer to the body of an ordinary one; undefined when
 * the stream ended before the answer did. Stops reading at `[DONE]` or when the
 * assembly is complete, because some servers keep the connection open.
 *
 * Throws `SyntaxError` for an event that is not JSON.
 */
export async function readStreamedAnswer(
  chunks: AsyncIterable<string> | Iterable<string>,
  kind: StreamKind,
  assembly: StreamAssembly,
): Promise<unknown> {
  const events: string[] = [];
  const splitter = kind === "json-lines"
    ? createLineSplitter(events)
    : createEventSplitter(events);
  for await (const chunk of chunks) {
    splitter.feed(chunk);
    if (addAll(events, assembly)) return assembly.body();
  }
  splitter.end();
  addAll(events, assembly);
  return assembly.body();
}

interface Splitter {
  feed(chunk: string): void;
  end(): void;
}

function createEventSplitter(events: string[]): Splitter {
  const parser = createParser({ onEvent: ({ data }) => events.push(data) });
  return {
    feed: (chunk) => parser.feed(chunk),
    // Servers forget the blank line that the last event needs.
    end: () => parser.feed("\n\n"),
  };
}

function createLineSplitter(events: string[]): Splitter {
  let rest = "";
  return {
    feed(chunk) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      events.push(...lines);
    },
    end: () => events.push(rest),
  };
}

function addAll(events: string[], assembly: StreamAssembly): boolean {
  for (const text of events.splice(0)) {
    if (text.trim() === "[DONE]") return true;
    if (text.trim() === "") continue;
    const event: unknown = JSON.parse(text);
    if (isJsonObject(event) && assembly.add(event)) return true;
  }
  return false;
}
