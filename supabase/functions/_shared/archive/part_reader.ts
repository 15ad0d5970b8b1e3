import type {
  ArchiveCounts,
  ArchiveErrorCode,
  ArchiveEvent,
  PartContinuation,
} from "./archive_event.ts";
import type { Collector, Outcome, PlacedRecord } from "./collect/collector.ts";
import { MessageCollector } from "./collect/message_collector.ts";
import { RecordCollector } from "./collect/record_collector.ts";
import type { BrokenContainer } from "./container/broken_container.ts";
import type { ArchiveFormat } from "./formats/format.ts";
import { describeShape, formatOf, formats } from "./formats/formats.ts";
import type { Json } from "./json.ts";
import type { ConversationsPlace, PromptMaker } from "./prompts/to_prompts.ts";
import { RecordScanner } from "./records/record_scanner.ts";
import type { ScanState } from "./records/scanned_record.ts";

/** How a file of text is read, and where it is continued. */
export interface PartReading {
  place: ConversationsPlace;
  makePrompts: PromptMaker;
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

// Formats are told by several records: the first may be a header or of another shape.
const SNIFFED_RECORDS = 32;
const SNIFFED_BYTES = 256 * 1024;

const START: ScanState = {
  layout: "values",
  offset: 0,
  record: 0,
  inList: false,
};

/** Reads one file of text as its bytes come: prompts, losses and checkpoints come out. */
export class PartReader {
  /** Undefined until it is known, and for good when the shape is unknown. */
  format: ArchiveFormat | undefined;
  readonly #reading: PartReading;
  readonly #scanner: RecordScanner;
  /** Undefined while records are held until the format is known. */
  #collector: Collector | undefined;
  #sniffed: PlacedRecord[] = [];
  /** The scan's place before the next record. */
  #before: ScanState;
  #checkpointAt: number;
  /** Where reading began, or would begin from the latest checkpoint. */
  #checkpointed: number;
  /** Losses before this offset were told before the checkpoint. */
  readonly #told: number;
  #stopped = false;
  #events: PartEvent[] = [];

  constructor(reading: PartReading) {
    const { from } = reading;
    this.#reading = reading;
    this.#scanner = new RecordScanner(reading.maxConversationBytes, from?.scan);
    this.#before = from?.scan ?? START;
    this.#checkpointed = this.#before.offset;
    this.#told = from?.told ?? 0;
    this.#checkpointAt = this.#told + reading.checkpointBytes;
    const format = formats.find(({ name }) => name === from?.format);
    if (format !== undefined) this.#begin(format);
  }

  /** True when nothing more is wanted of the file. */
  get stopped(): boolean {
    return this.#stopped || this.#scanner.stopped;
  }

  push(chunk: Uint8Array): PartEvent[] {
    this.#scanner.push(chunk);
    this.#drain(false);
    return this.#takeEvents();
  }

  /** The rest, when the bytes have ended or, with a failure, broken off. */
  finish(failure?: BrokenContainer): PartEvent[] {
    this.#scanner.finish();
    this.#drain(failure !== undefined);
    this.#endSniffing();
    for (const outcome of this.#collector?.close() ?? []) {
      this.#give(outcome, this.#before);
    }
    if (failure !== undefined) {
      this.#lose(failure.code, failure.message, this.#before);
    }
    return this.#takeEvents();
  }

  #takeEvents(): PartEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #drain(brokenOff: boolean): void {
    while (!this.#stopped) {
      const scanned = this.#scanner.next();
      if (scanned === undefined) return;
      const after = this.#scanner.state;
      if ("loss" in scanned) {
        // Where the bytes broke off, the reason for that is the one error.
        if (!brokenOff || !ENDS_EARLY.has(scanned.loss)) {
          this.#lose(scanned.loss, scanned.reason, scanned);
        }
      } else {
        if (scanned.damaged) {
          const reason = "some bytes are not UTF-8 and were read as U+FFFD";
          this.#lose("invalid_utf8", reason, scanned);
        }
        const { value, record, offset } = scanned;
        const end = after?.offset ?? offset;
        this.#read({ value, record, offset, end, before: this.#before });
      }
      if (after === undefined) continue;
      this.#before = after;
      if (after.offset >= this.#checkpointAt) this.#checkpoint(after);
    }
  }

  #read(record: PlacedRecord): void {
    if (this.#collector !== undefined) {
      this.#give(this.#collector.add(record), record);
      return;
    }
    this.#sniffed.push(record);
    const enough = this.#sniffed.length >= SNIFFED_RECORDS ||
      record.end >= SNIFFED_BYTES;
    if (enough) this.#endSniffing();
  }

  /** Decides the format by the records held so far and reads them. */
  #endSniffing(): void {
    const sniffed = this.#sniffed;
    this.#sniffed = [];
    const shaped = sniffed.filter(({ value }) =>
      typeof value === "object" && value
    );
    const format = formatOf(shaped.map(({ value }) => value));
    if (format === undefined) {
      // Numbers and nulls say nothing about the rest of the file, objects do.
      const unknown = shaped.length === 0 ? sniffed : shaped.slice(0, 1);
      for (const record of unknown) this.#loseShape(record);
      this.#stopped = shaped.length > 0;
      return;
    }
    this.#begin(format);
    for (const record of sniffed) {
      if (this.#collector !== undefined) {
        this.#give(this.#collector.add(record), record);
      }
    }
  }

  #begin(format: ArchiveFormat): void {
    this.format = format;
    const { from, maxConversationBytes } = this.#reading;
    const begun = from?.begun ?? 0;
    if (format.kind === "refused") {
      this.#lose("refused_format", format.reason, START);
      this.#stopped = true;
    } else if (format.kind === "message") {
      this.#collector = new MessageCollector(
        format,
        maxConversationBytes,
        begun,
        this.#told,
        from?.open ?? [],
      );
    } else {
      this.#collector = new RecordCollector(format, begun);
      const { reads } = format;
      if (reads !== undefined) {
        const isEnough = (record: Json) => format.matches(record);
        this.#scanner.readOnly({ reads, isEnough });
      }
    }
  }

  #give({ collected, loss }: Outcome, place: Place): void {
    const { counts, makePrompts } = this.#reading;
    for (const { conversation, index, format } of collected) {
      const prompts = makePrompts(conversation, index, format);
      counts.conversations++;
      counts.prompts += prompts.length;
      for (const prompt of prompts) {
        this.#events.push(prompt);
      }
    }
    if (loss !== undefined) this.#lose(loss.code, loss.reason, place);
  }

  #checkpoint(scan: ScanState): void {
    const { checkpointBytes, counts } = this.#reading;
    this.#checkpointAt = scan.offset + checkpointBytes;
    const collector = this.#collector;
    if (collector === undefined || this.#stopped) return;
    for (const outcome of collector.close(scan.offset - checkpointBytes)) {
      this.#give(outcome, scan);
    }
    const place = collector.openPlace();
    const begin = place?.begin ?? scan;
    // A conversation as long as the file so far: going on from here would save nothing.
    if (begin.offset <= this.#checkpointed) return;
    this.#checkpointed = begin.offset;
    const continuation = {
      scan: begin,
      told: scan.offset,
      format: this.format!.name,
      begun: place?.begun ?? collector.begun,
      open: place?.open ?? [],
    };
    this.#events.push({
      type: "checkpoint",
      continuation,
      counts: { ...counts },
    });
  }

  #loseShape(record: PlacedRecord): void {
    const shape = describeShape(record.value);
    this.#lose("unknown_shape", `no format has this shape: ${shape}`, record);
  }

  #lose(code: ArchiveErrorCode, reason: string, place: Place): void {
    const { record, offset } = place;
    if (offset < this.#told) return;
    const { place: { path, entry }, counts } = this.#reading;
    // Damaged text was used all the same.
    if (code !== "invalid_utf8") counts.skipped++;
    const file = entry === undefined ? path : `${path} (${entry})`;
    const message =
      `Cannot read ${file}, record ${record} at byte ${offset}: ${reason}`;
    this.#events.push({
      type: "error",
      error: {
        code,
        message,
        record,
        offset,
        ...entry !== undefined && { entry },
      },
    });
  }
}

interface Place {
  record: number;
  offset: number;
}

const ENDS_EARLY = new Set<ArchiveErrorCode>(["cut_off", "empty"]);
