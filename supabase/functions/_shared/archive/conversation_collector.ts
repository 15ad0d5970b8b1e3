import type { OpenConversations } from "./archive_event.ts";
import type { Conversation } from "./conversation.ts";
import type { ConversationBuilder, MessageFormat } from "./formats/format.ts";
import type { JsonObject } from "./json.ts";
import type { ScanState } from "./records/record_scanner.ts";

interface OpenConversation {
  id: string | undefined;
  index: number;
  builder: ConversationBuilder;
  /** Where the scan stood before its first record. */
  begin: ScanState;
  /** Offset of its latest record. */
  latest: number;
  /** Bytes of the records that were kept. */
  size: number;
}

/** A conversation and its number in the file. */
export interface Collected {
  conversation: Conversation;
  index: number;
}

/** A record and where it lies. */
export interface PlacedRecord {
  value: JsonObject;
  offset: number;
  /** Offset behind it. */
  end: number;
  /** The scan's place before it. */
  before: ScanState;
}

/**
 * Gathers the messages of conversations from files in which a record is a message. Conversations
 * may be interleaved: whoever reads the file decides when those that have been idle are closed.
 */
export class ConversationCollector {
  readonly #format: MessageFormat;
  readonly #maxBytes: number;
  readonly #open = new Map<string, OpenConversation>();
  readonly #resumed: OpenConversations | undefined;
  readonly #resumedIndex: Map<string, number>;
  #begun: number;

  constructor(
    format: MessageFormat,
    maxBytes: number,
    begun = 0,
    resumed?: OpenConversations,
  ) {
    this.#format = format;
    this.#maxBytes = maxBytes;
    this.#begun = begun;
    this.#resumed = resumed;
    this.#resumedIndex = new Map(
      resumed?.conversations.map(({ id, index }) => [keyOf(id), index]),
    );
  }

  /** Conversations begun so far. */
  get begun(): number {
    return this.#begun;
  }

  /** Adds a record; `grown` when its conversation is larger than allowed and was closed for it. */
  add(record: PlacedRecord): { collected: Collected[]; grown: boolean } {
    const { value, offset, end, before } = record;
    const nothing = { collected: [], grown: false };
    const id = this.#format.conversationOf(value);
    const key = id === null ? "" : keyOf(id);
    // What lies before this place was given out already, but for the conversations still open then.
    if (
      this.#resumed !== undefined && offset < this.#resumed.until &&
      !this.#resumedIndex.has(key) && !this.#open.has(key)
    ) return nothing;
    if (id === null) return { ...nothing, collected: this.#addAlone(value) };
    let conversation = this.#open.get(key);
    if (conversation === undefined) {
      conversation = {
        id,
        index: this.#resumedIndex.get(key) ?? this.#begun++,
        builder: this.#format.open(id),
        begin: before,
        latest: offset,
        size: 0,
      };
      this.#resumedIndex.delete(key);
      this.#open.set(key, conversation);
    }
    conversation.latest = offset;
    if (!conversation.builder.add(value)) return nothing;
    conversation.size += end - offset;
    return conversation.size > this.#maxBytes
      ? { collected: this.#close(key, conversation), grown: true }
      : nothing;
  }

  /** Gives out the conversations without a message since this offset; all of them by default. */
  *close(since = Infinity): Generator<Collected> {
    for (const [key, open] of this.#open) {
      if (open.latest < since) yield* this.#close(key, open);
    }
  }

  #addAlone(value: JsonObject): Collected[] {
    const builder = this.#format.open(undefined);
    if (!builder.add(value)) return [];
    return builder.build()
      .map((conversation) => ({ conversation, index: this.#begun++ }));
  }

  #close(key: string, { index, builder }: OpenConversation): Collected[] {
    this.#open.delete(key);
    return builder.build().map((conversation, number) => ({
      conversation,
      index: number === 0 ? index : this.#begun++,
    }));
  }

  /** Where to begin again so that the open conversations are read whole, and which they are. */
  openAt(
    offset: number,
  ): { begin: ScanState; open: OpenConversations } | undefined {
    let begin: ScanState | undefined;
    for (const open of this.#open.values()) {
      if (begin === undefined || open.begin.offset < begin.offset) {
        begin = open.begin;
      }
    }
    if (begin === undefined) return undefined;
    const conversations = [...this.#open.values()]
      .map(({ id, index }) => ({ id: id ?? null, index }));
    return { begin, open: { until: offset, conversations } };
  }
}

function keyOf(id: string | null | undefined): string {
  return id === undefined || id === null ? "file" : `id ${id}`;
}
