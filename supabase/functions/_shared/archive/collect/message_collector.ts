import type { OpenConversation } from "../archive_event.ts";
import type { ConversationBuilder, MessageFormat } from "../formats/format.ts";
import { describeShape } from "../formats/formats.ts";
import { isObject, type JsonObject } from "../json.ts";
import type { ScanState } from "../records/scanned_record.ts";
import {
  attempt,
  type Collector,
  type OpenPlace,
  type Outcome,
  type PlacedRecord,
} from "./collector.ts";

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

const NOTHING: Outcome = { collected: [] };

/**
 * Gathers the messages of conversations from files in which a record is a message. Conversations
 * may be interleaved: whoever reads the file decides when those that have been idle are closed.
 */
export class MessageCollector implements Collector {
  begun: number;
  readonly #format: MessageFormat;
  readonly #maxBytes: number;
  readonly #open = new Map<string, Open>();
  /** Conversations that are read again, and the offset up to which only they count. */
  readonly #resumed: Map<string, OpenConversation>;
  readonly #told: number;

  constructor(
    format: MessageFormat,
    maxBytes: number,
    begun: number,
    told: number,
    resumed: OpenConversation[],
  ) {
    this.#format = format;
    this.#maxBytes = maxBytes;
    this.begun = begun;
    this.#told = told;
    this.#resumed = new Map(resumed.map((open) => [keyOf(open.id), open]));
  }

  add(record: PlacedRecord): Outcome {
    const { value } = record;
    if (!isObject(value)) {
      const reason = `no format has this shape: ${describeShape(value)}`;
      return { collected: [], loss: { code: "unknown_shape", reason } };
    }
    const id = this.#format.conversationOf(value);
    const key = keyOf(id ?? null);
    if (this.#wasTold(key, id, record.offset)) return NOTHING;
    if (id === null) return this.#addAlone(value);
    const open = this.#open.get(key) ?? this.#begin(key, id, record);
    open.latest = record.offset;
    let held = false;
    const outcome = attempt(() => {
      held = open.builder.add(value);
      return [];
    });
    if (held) open.size += record.end - record.offset;
    return open.size > this.#maxBytes ? this.#split(key, open) : outcome;
  }

  #wasTold(key: string, id: string | null | undefined, offset: number) {
    if (offset >= this.#told) return false;
    const resumed = this.#resumed.get(key);
    return id === null || resumed === undefined || offset < resumed.from;
  }

  close(since = Infinity): Outcome[] {
    return [...this.#open]
      .filter(([, { latest }]) => latest < since)
      .map(([key, open]) => this.#close(key, open));
  }

  openPlace(): OpenPlace | undefined {
    let first: Open | undefined;
    for (const open of this.#open.values()) {
      if (first === undefined || open.begin.offset < first.begin.offset) {
        first = open;
      }
    }
    return first && {
      begin: first.begin,
      begun: this.begun,
      open: [...this.#open.values()]
        .map(({ id, index, begin }) => ({
          id: id ?? null,
          index,
          from: begin.offset,
        })),
    };
  }

  #begin(key: string, id: string | undefined, record: PlacedRecord): Open {
    const open = {
      id,
      index: this.#indexOf(key, record.offset),
      builder: this.#format.open(id),
      begin: record.before,
      latest: record.offset,
      size: 0,
    };
    this.#open.set(key, open);
    return open;
  }

  #indexOf(key: string, offset: number): number {
    const resumed = this.#resumed.get(key);
    return resumed !== undefined && offset < this.#told
      ? resumed.index
      : this.begun++;
  }

  #addAlone(value: JsonObject): Outcome {
    return attempt(() => {
      const builder = this.#format.open(undefined);
      if (!builder.add(value)) return [];
      return builder.build().map((conversation) => ({
        conversation,
        index: this.begun++,
        format: this.#format.name,
      }));
    });
  }

  #split(key: string, open: Open): Outcome {
    return {
      ...this.#close(key, open),
      loss: {
        code: "too_large",
        reason:
          `its conversation is larger than ${this.#maxBytes} bytes and goes on as another one; raise maxConversationBytes`,
      },
    };
  }

  #close(key: string, { index, builder }: Open): Outcome {
    this.#open.delete(key);
    return attempt(() =>
      builder.build().map((conversation, number) => ({
        conversation,
        index: number === 0 ? index : this.begun++,
        format: this.#format.name,
      }))
    );
  }
}

function keyOf(id: string | null | undefined): string {
  return id === undefined || id === null ? "file" : `id ${id}`;
}
