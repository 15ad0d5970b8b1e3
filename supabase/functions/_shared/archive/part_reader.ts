import type { Prompt } from "../prompt.ts";
import type {
  ArchiveCounts,
  ArchiveErrorCode,
  ArchiveEvent,
  PartContinuation,
} from "./archive_event.ts";
import type { BrokenContainer } from "./container/broken_container.ts";
import type { Conversation } from "./conversation.ts";
import {
  type Collected,
  ConversationCollector,
} from "./conversation_collector.ts";
import { type ArchiveFormat, buildAll } from "./formats/format.ts";
import { describeShape, formatOf, formats } from "./formats/formats.ts";
import { isObject, type Json } from "./json.ts";
import type { ConversationPlace } from "./prompts/to_prompts.ts";
import {
  RecordScanner,
  type ScannedRecord,
  type ScanState,
} from "./records/record_scanner.ts";

/** How a file of text is read, and where it is continued. */
export interface PartReading {
  archive: { bucket?: string; directory?: string; path: string };
  entry?: string;
  makePrompts(conversation: Conversation, place: ConversationPlace): Prompt[];
  checkpointBytes: number;
  maxConversationBytes: number;
  /** Counts of the whole archive; the reader adds to them. */
  counts: ArchiveCounts;
  from?: PartContinuation;
}

export type PartEvent =
  | Extract<ArchiveEvent, { type: "prompt" | "error" }>
  | {
    type: "checkpoint";
    continuation: PartContinuation;
    counts: ArchiveCounts;
  };

type Value = Extract<ScannedRecord, { value: Json }>;

// Formats are told by several records: the first may be a header or of another shape.
const SNIFFED_RECORDS = 32;
const SNIFFED_BYTES = 256 * 1024;

/** Reads one file of text as its bytes come: prompts, losses and checkpoints come out. */
export class PartReader {
  /** Undefined until it is known, and for good when the shape is unknown. */
  format: ArchiveFormat | undefined;
  readonly #reading: PartReading;
  readonly #scanner: RecordScanner;
  #collector: ConversationCollector | undefined;
  /** First records with the scan's place before them, held until the format is known. */
  #sniffed: { record: Value; end: number; before: ScanState }[] | undefined;
  /** Conversations so far in this part: numbers those without an id. */
  #begun: number;
  #before: ScanState;
  #checkpointAt: number;
  #checkpointed: number;
  #stopped = false;
  #events: PartEvent[] = [];

  constructor(reading: PartReading) {
    const { from } = reading;
    this.#reading = reading;
    this.#scanner = new RecordScanner(reading.maxConversationBytes, from?.scan);
    this.#begun = from?.begun ?? 0;
    this.#before = from?.scan ??
      { layout: "values", offset: 0, record: 0, inList: false };
    this.#checkpointed = this.#before.offset;
    this.#checkpointAt = (from?.open?.until ?? this.#before.offset) +
      reading.checkpointBytes;
    if (from === undefined) this.#sniffed = [];
    else this.#begin(formats.find(({ name }) => name === from.format), from);
  }

  /** True when nothing more is wanted of the file. */
  get stopped(): boolean {
    return this.#stopped || this.#scanner.stopped;
  }

  push(chunk: Uint8Array): PartEvent[] {
    this.#scanner.push(chunk);
    this.#drain();
    return this.#take();
  }

  /** The rest, when the bytes have ended or, with a failure, broken off. */
  finish(failure?: BrokenContainer): PartEvent[] {
    this.#scanner.finish();
    this.#drain(failure !== undefined);
    if (this.#sniffed !== undefined) this.#endSniffing();
    for (const collected of this.#collector?.close() ?? []) {
      this.#give(collected);
    }
    if (failure !== undefined) {
      const { record, offset } = this.#scanner.state ?? this.#before;
      this.#lose(failure.code, failure.message, record, offset);
    }
    return this.#take();
  }

  #take(): PartEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #drain(brokenOff = false): void {
    while (!this.#stopped) {
      const scanned = this.#scanner.next();
      if (scanned === undefined) return;
      const after = this.#scanner.state;
      if ("loss" in scanned) {
        // Where the bytes broke off, the reason for that is the one error.
        if (!brokenOff || !ENDS_EARLY.has(scanned.loss)) this.#report(scanned);
      } else {
        if (scanned.damaged) this.#reportDamage(scanned);
        const end = after?.offset ?? scanned.offset;
        if (this.#sniffed === undefined) {
          this.#read(scanned, end, this.#before);
        } else this.#sniff(scanned, end);
      }
      if (after === undefined) continue;
      this.#before = after;
      if (after.offset >= this.#checkpointAt) this.#checkpoint(after);
    }
  }

  #sniff(record: Value, end: number): void {
    const sniffed = this.#sniffed!;
    sniffed.push({ record, end, before: this.#before });
    if (sniffed.length < SNIFFED_RECORDS && end < SNIFFED_BYTES) return;
    this.#endSniffing();
  }

  #endSniffing(): void {
    const sniffed = this.#sniffed ?? [];
    const values = sniffed.map(({ record }) => record.value);
    const shapes = values.filter((value) =>
      value !== null && typeof value === "object"
    );
    this.#sniffed = undefined;
    if (shapes.length === 0) {
      for (const { record } of sniffed) this.#unknown(record);
      this.#sniffed = [];
      return;
    }
    const format = formatOf(shapes);
    if (format === undefined || format.kind === "refused") {
      this.#stopped = true;
      if (format === undefined) {
        const first = sniffed.find(({ record }) => record.value === shapes[0]);
        this.#unknown(first!.record);
      } else this.#lose("refused_format", format.reason, 0, 0);
    }
    this.#begin(format);
    if (this.#stopped) return;
    for (const { record, end, before } of sniffed) {
      this.#read(record, end, before);
    }
  }

  #begin(format: ArchiveFormat | undefined, from?: PartContinuation): void {
    this.format = format;
    if (format?.kind !== "message") return;
    this.#collector = new ConversationCollector(
      format,
      this.#reading.maxConversationBytes,
      from?.begun,
      from?.open,
    );
  }

  #read(record: Value, end: number, before: ScanState): void {
    const { value } = record;
    if (this.#collector === undefined) this.#readConversations(record);
    else if (isObject(value)) {
      const { offset } = record;
      const { collected, grown } = this.#collector
        .add({ value, offset, end, before });
      for (const one of collected) this.#give(one);
      if (!grown) return;
      this.#lose(
        "too_large",
        `the conversation is larger than ${this.#reading.maxConversationBytes} bytes and goes on as another one from here`,
        record.record,
        record.offset,
      );
    } else this.#unknown(record);
  }

  #readConversations(record: Value): void {
    const { value } = record;
    const format = this.format!.matches(value)
      ? this.format
      : formatOf([value]);
    if (format === undefined) return this.#unknown(record);
    if (format.kind === "refused") {
      return this.#report({
        ...record,
        loss: "refused_format",
        reason: format.reason,
      });
    }
    let conversations: Conversation[];
    try {
      conversations = format.kind === "conversation"
        ? format.read(value)
        : buildAll(format, isObject(value) ? [value] : []);
    } catch (error) {
      // A format met something it does not expect: this record is lost, the next ones are not.
      const reason = error instanceof Error ? error.message : String(error);
      return this.#report({ ...record, loss: "unreadable_record", reason });
    }
    for (const conversation of conversations) {
      this.#give({ conversation, index: this.#begun++ }, format.name);
    }
  }

  #give({ conversation, index }: Collected, format = this.format!.name): void {
    const { archive, entry, counts } = this.#reading;
    const prompts = this.#reading.makePrompts(conversation, {
      ...archive,
      entry,
      format,
      index,
    });
    counts.conversations++;
    counts.prompts += prompts.length;
    for (const prompt of prompts) this.#events.push({ type: "prompt", prompt });
  }

  #checkpoint(scan: ScanState): void {
    const { checkpointBytes } = this.#reading;
    this.#checkpointAt = scan.offset + checkpointBytes;
    if (this.format === undefined || this.#stopped) return;
    const continuation: PartContinuation = {
      scan,
      format: this.format.name,
      begun: this.#collector?.begun ?? this.#begun,
    };
    if (this.#collector !== undefined) {
      const idle = scan.offset - checkpointBytes;
      for (const collected of this.#collector.close(idle)) {
        this.#give(collected);
      }
      const open = this.#collector.openAt(scan.offset);
      if (open !== undefined) {
        continuation.scan = open.begin;
        continuation.open = open.open;
      }
    }
    // A conversation as long as the file so far: going on from here would save nothing.
    if (continuation.scan.offset <= this.#checkpointed) return;
    this.#checkpointed = continuation.scan.offset;
    const counts = { ...this.#reading.counts };
    this.#events.push({ type: "checkpoint", continuation, counts });
  }

  #unknown(record: Value): void {
    const loss = "unknown_shape";
    const reason = `no format has this shape: ${describeShape(record.value)}`;
    this.#report({ ...record, loss, reason });
  }

  #report(
    lost: {
      loss: ArchiveErrorCode;
      reason: string;
      record: number;
      offset: number;
    },
  ): void {
    this.#lose(lost.loss, lost.reason, lost.record, lost.offset);
  }

  #reportDamage({ record, offset }: Value): void {
    const reason = "some bytes are not UTF-8 and were read as U+FFFD";
    this.#lose("invalid_utf8", reason, record, offset);
  }

  #lose(
    code: ArchiveErrorCode,
    reason: string,
    record: number,
    offset: number,
  ): void {
    const { archive, entry, counts } = this.#reading;
    // Damaged text was used all the same.
    if (code !== "invalid_utf8") counts.skipped++;
    const file = entry === undefined
      ? archive.path
      : `${archive.path} (${entry})`;
    this.#events.push({
      type: "error",
      error: {
        code,
        message:
          `Cannot read ${file}, record ${record} at byte ${offset}: ${reason}`,
        record,
        offset,
        ...entry !== undefined && { entry },
      },
    });
  }
}

const ENDS_EARLY = new Set<ArchiveErrorCode>(["cut_off", "empty"]);
