import { createParser } from "eventsource-parser";
import { FailedCall } from "./failed_call.ts";
import { isJsonObject, type JsonObject } from "./json_value.ts";
import type { StreamAssembly } from "./model_format.ts";
import { readProviderError } from "./provider_error.ts";

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
 * An event that tells of a failure, in whichever words, is the body, and so is
 * JSON that is only called a stream (decolua/9router#3492).
 *
 * Throws `FailedCall` for an event that is not JSON.
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
    const ended = addAll(events, assembly);
    if (ended) return ended.failed ?? assembly.body();
  }
  const whole = splitter.end();
  if (whole !== undefined) return parseEvent(whole);
  return addAll(events, assembly)?.failed ?? assembly.body();
}

interface Splitter {
  feed(chunk: string): void;
  /** All that came, where it was no stream. */
  end(): string | undefined;
}

function createEventSplitter(events: string[]): Splitter {
  const parser = createParser({ onEvent: ({ data }) => events.push(data) });
  // JSON that is only called a stream, perhaps with the end of one behind it.
  let whole: string | undefined;
  let isBegun = false;
  return {
    feed(chunk) {
      if (!isBegun && /^\s*\{/.test(chunk)) whole = "";
      isBegun ||= chunk.trim() !== "";
      if (whole === undefined) parser.feed(chunk);
      else whole += chunk;
    },
    end() {
      // Servers forget the blank line that the last event needs.
      parser.feed("\n\n");
      return whole?.replace(/\s*data: *\[DONE\]\s*$/, "");
    },
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
    end: () => void events.push(rest),
  };
}

/** Takes events; how the stream has ended, if it has. */
function addAll(
  events: string[],
  assembly: StreamAssembly,
): { failed?: JsonObject } | undefined {
  for (const text of events.splice(0)) {
    if (text.trim() === "[DONE]") return {};
    if (text.trim() === "") continue;
    const event = parseEvent(text);
    if (!isJsonObject(event)) continue;
    // Formats that know the failure keep what it has cost.
    if (assembly.add(event)) return {};
    if (readProviderError(event) !== undefined) return { failed: event };
  }
  return undefined;
}

function parseEvent(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new FailedCall({
      class: "transient",
      code: "invalid_json",
      what: "sent a stream with an event that is not JSON",
      said: text,
    });
  }
}
