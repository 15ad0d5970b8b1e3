import type { OpenConversations } from "./archive_event.ts";
import type { Conversation } from "./conversation.ts";
import type { MessageFormat } from "./formats/format.ts";
import type { JsonObject } from "./json.ts";
import type { ScanState } from "./records/record_scanner.ts";

interface OpenConversation {
  id: string | undefined;
  index: number;
  kept: JsonObject[];
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

/**
 * Gathers the messages of conversations from files in which a record is a message. Conversations
 * may be interleaved: one stays open until `idleBytes` passed without a message of it.
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

  /** Adds a record; gives out its conversation when it has grown larger than is allowed. */
  add(
    record: JsonObject,
    offset: number,
    end: number,
    before: ScanState,
  ): Collected | undefined {
    const id = this.#format.conversationOf(record);
    const key = keyOf(id);
    // What lies before this place was given out already, but for the conversations still open then.
    if (
      this.#resumed !== undefined && offset < this.#resumed.until &&
      !this.#resumedIndex.has(key)
    ) return undefined;
    const kept = this.#format.keep(record);
    let conversation = this.#open.get(key);
    if (conversation === undefined) {
      const index = this.#resumedIndex.get(key) ?? this.#begun++;
      this.#resumedIndex.delete(key);
      conversation = {
        id,
        index,
        kept: [],
        begin: before,
        latest: offset,
        size: 0,
      };
      this.#open.set(key, conversation);
    }
    conversation.latest = offset;
    if (kept === undefined) return undefined;
    conversation.kept.push(kept);
    conversation.size += end - offset;
    return conversation.size > this.#maxBytes
      ? this.#close(key, conversation)
      : undefined;
  }

  /** Gives out the conversations without a message since this offset; all of them by default. */
  *close(since = Infinity): Generator<Collected> {
    for (const [key, open] of this.#open) {
      if (open.latest >= since) continue;
      yield this.#close(key, open);
    }
  }

  #close(key: string, { id, index, kept }: OpenConversation): Collected {
    this.#open.delete(key);
    return { conversation: this.#format.join(kept, id), index };
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
