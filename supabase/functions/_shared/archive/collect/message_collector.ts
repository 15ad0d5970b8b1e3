import type { ArchiveCursor, OpenConversation } from "../archive_event.ts";
import type { ConversationBuilder, MessageFormat } from "../formats/format.ts";
import { describeShape } from "../formats/formats.ts";
import { isObject, type JsonObject } from "../json.ts";
import type { ScannedRecord, ScanState } from "../records/scanner.ts";
import { attempt, type Collector, type ConversationSink } from "./collector.ts";

interface Open {
  id: string | undefined;
  index: number;
  builder: ConversationBuilder;
  /** Where the scan stood before its first record. */
  begin: ScanState;
  /** Offset of its latest record. */
  latest: number;
  /** Bytes of the records of which something is held. */
  size: number;
}

/**
 * Gathers the messages of conversations from files in which a record is a message. Conversations
 * may be interleaved: whoever reads the file decides when those that have been idle are closed.
 */
export class MessageCollector implements Collector {
  /** Number of the next conversation. */
  #begun: number;
  readonly #format: MessageFormat;
  readonly #maxBytes: number;
  readonly #sink: ConversationSink;
  readonly #open = new Map<string, Open>();
  /** Conversations that are read again, and the offset up to which only they count. */
  readonly #resumed: Map<string, OpenConversation>;
  readonly #told: number;

  constructor(
    format: MessageFormat,
    maxBytes: number,
    sink: ConversationSink,
    from: Pick<ArchiveCursor, "begun" | "told" | "open"> | undefined,
  ) {
    this.#format = format;
    this.#maxBytes = maxBytes;
    this.#sink = sink;
    this.#begun = from?.begun ?? 0;
    this.#told = from?.told ?? 0;
    this.#resumed = new Map(from?.open.map((open) => [keyOf(open.id), open]));
  }

  add(record: ScannedRecord, before: ScanState): void {
    const { value, offset, size } = record;
    if (!isObject(value)) {
      const reason = `no format has this shape: ${describeShape(value)}`;
      this.#sink.lose("unknown_shape", reason);
      return;
    }
    const id = this.#format.conversationOf(value);
    const key = keyOf(id ?? null);
    if (this.#wasTold(key, id, offset)) return;
    if (id === null) {
      this.#addAlone(value);
      return;
    }
    const open = this.#open.get(key) ?? this.#begin(key, id, offset, before);
    open.latest = offset;
    const held = attempt(
      this.#sink,
      this.#format,
      () => open.builder.add(value),
    );
    if (held) open.size += size;
    if (open.size > this.#maxBytes) this.#split(key, open);
  }

  #wasTold(key: string, id: string | null | undefined, offset: number) {
    if (offset >= this.#told) return false;
    const resumed = this.#resumed.get(key);
    return id === null || resumed === undefined || offset < resumed.from;
  }

  close(since = Infinity): void {
    for (const [key, open] of this.#open) {
      if (open.latest < since) this.#close(key, open);
    }
  }

  resumeFrom(scan: ScanState) {
    const open = [...this.#open.values()];
    const first = open.reduce(
      (first, { begin }) => begin.offset < first.offset ? begin : first,
      scan,
    );
    return {
      scan: first,
      begun: this.#begun,
      open: open.map(({ id, index, begin }) => ({
        id: id ?? null,
        index,
        from: begin.offset,
      })),
    };
  }

  #begin(
    key: string,
    id: string | undefined,
    offset: number,
    begin: ScanState,
  ): Open {
    const resumed = this.#resumed.get(key);
    const index = resumed !== undefined && offset < this.#told
      ? resumed.index
      : this.#begun++;
    const builder = this.#format.open(id);
    const open = { id, index, builder, begin, latest: offset, size: 0 };
    this.#open.set(key, open);
    return open;
  }

  #addAlone(value: JsonObject): void {
    const conversations = attempt(this.#sink, this.#format, () => {
      const builder = this.#format.open(undefined);
      return builder.add(value) ? builder.build() : [];
    });
    for (const conversation of conversations ?? []) {
      this.#sink.give(conversation, this.#begun++, this.#format.name);
    }
  }

  #split(key: string, open: Open): void {
    this.#close(key, open);
    this.#sink.lose(
      "too_large",
      `its conversation is larger than ${this.#maxBytes} bytes and goes on as another one; raise maxConversationBytes`,
    );
  }

  #close(key: string, { index, builder }: Open): void {
    this.#open.delete(key);
    const conversations = attempt(
      this.#sink,
      this.#format,
      () => builder.build(),
    ) ?? [];
    conversations.forEach((conversation, number) => {
      const own = number === 0 ? index : this.#begun++;
      this.#sink.give(conversation, own, this.#format.name);
    });
  }
}

function keyOf(id: string | null | undefined): string {
  return id === undefined || id === null ? "file" : `id ${id}`;
}
