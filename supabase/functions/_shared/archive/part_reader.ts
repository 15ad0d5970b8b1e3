import type { ArchiveError, ArchiveErrorCode } from "./archive_error.ts";
import type {
  ArchiveCounts,
  ArchiveCursor,
  ArchiveEvent,
} from "./archive_event.ts";
import type { Collector, ConversationSink } from "./collect/collector.ts";
import { MessageCollector } from "./collect/message_collector.ts";
import { RecordCollector } from "./collect/record_collector.ts";
import type { BrokenContainer } from "./container/broken_container.ts";
import type { ArchiveFormat } from "./formats/format.ts";
import { describeShape, formatOf, formats } from "./formats/formats.ts";
import { variables } from "./formats/variables.ts";
import { isObject, type Json } from "./json.ts";
import { LeftOutTally } from "./left_out_tally.ts";
import type { ConversationsFile, PromptMaker } from "./prompts/to_prompts.ts";
import { openRows } from "./records/open_rows.ts";
import { RecordScanner } from "./records/record_scanner.ts";
import type { ScannedRecord, ScanState } from "./records/scanner.ts";

/** How a file of text is read, and where it is continued. */
export interface PartReading {
  file: ConversationsFile;
  /** Number of the part in its archive. */
  part: number;
  /** True when an offset in the part is also an offset in the archive. */
  seekable: boolean;
  makePrompts: PromptMaker;
  /** Rows are variables of a template, whatever they look like. */
  variables: boolean;
  /** Name of the format, where it is known. */
  format?: string;
  checkpointBytes: number;
  maxConversationBytes: number;
  /** Counts of the whole archive; the reader adds to them. */
  counts: ArchiveCounts;
  /** Formats of earlier parts. */
  formats: ReadonlySet<string>;
  from?: ArchiveCursor;
}

// Formats are told by several records: the first may be a header or of another shape.
const SNIFFED_RECORDS = 32;
const SNIFFED_BYTES = 256 * 1024;

const START: ScanState = { layout: "values", offset: 0, record: 0 };

/** Reads one file of text as its bytes come: prompts, losses and checkpoints come out. */
export class PartReader {
  /** Undefined until it is known, and for good when the shape is unknown. */
  format: ArchiveFormat | undefined;
  /**
   * Losses of a zip entry whose format is not known: a zip straight from a vendor also holds pictures,
   * pages and lists of users, so they are no losses where another entry is an archive.
   */
  strangers: ArchiveError[] = [];
  readonly #reading: PartReading;
  readonly #scanner: RecordScanner;
  /** Undefined while records are held until the format is known. */
  #collector: Collector | undefined;
  /** Records and where the scan stood before each. */
  #sniffed: [ScannedRecord, ScanState][] = [];
  /** The scan's place before the next record. */
  #before: ScanState;
  /** What a loss is told of. */
  #place: Place = START;
  #checkpointAt: number;
  /** Where reading began, or would begin from the latest checkpoint. */
  #checkpointed: number;
  /** Losses before this offset were told before the checkpoint. */
  readonly #told: number;
  readonly #leftOut: LeftOutTally;
  #stopped = false;
  #events: ArchiveEvent[] = [];

  readonly #sink: ConversationSink = {
    give: (conversation, index, format) => {
      const { counts, makePrompts } = this.#reading;
      const prompts = makePrompts(conversation, index, format);
      counts.conversations++;
      counts.prompts += prompts.length;
      this.#leftOut.addTurns(conversation.turns, prompts.length);
      for (const prompt of prompts) this.#events.push(prompt);
    },
    lose: (code, reason) => this.#lose(code, reason, this.#place),
    leaveOut: (kind, reason) => {
      if (this.#place.offset < this.#told) return;
      this.#leftOut.add(kind, reason, this.#place);
    },
  };

  constructor(reading: PartReading) {
    const { from } = reading;
    this.#reading = reading;
    this.#scanner = new RecordScanner(
      reading.maxConversationBytes,
      from?.scan,
      reading.variables,
    );
    this.#before = from?.scan ?? START;
    this.#checkpointed = this.#before.offset;
    this.#told = from?.told ?? 0;
    this.#leftOut = new LeftOutTally(from?.leftOut);
    this.#checkpointAt = this.#told + reading.checkpointBytes;
    const format = [...formats, variables]
      .find(({ name }) => name === (from?.format ?? reading.format));
    if (format !== undefined) this.#begin(format);
  }

  /** True when nothing more is wanted of the file. */
  get stopped(): boolean {
    return this.#stopped || this.#scanner.stopped;
  }

  push(chunk: Uint8Array): ArchiveEvent[] {
    this.#scanner.push(chunk);
    this.#readRecords(false);
    return this.#takeEvents();
  }

  /** The rest, when the bytes have ended or, with a failure, broken off. */
  finish(failure?: BrokenContainer): ArchiveEvent[] {
    this.#scanner.finish();
    this.#readRecords(failure !== undefined);
    this.#endSniffing();
    this.#place = this.#before;
    this.#collector?.close();
    if (failure !== undefined) {
      this.#lose(failure.code, failure.message, this.#before);
    }
    this.#tellLeftOut();
    return this.#takeEvents();
  }

  #takeEvents(): ArchiveEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #readRecords(brokenOff: boolean): void {
    while (!this.#stopped) {
      const scanned = this.#scanner.next();
      if (scanned === undefined) return;
      if ("code" in scanned) {
        // Where the bytes broke off, the reason for that is the one error.
        if (!brokenOff || !ENDS_EARLY.has(scanned.code)) {
          this.#lose(scanned.code, scanned.reason, scanned);
        }
      } else {
        if (scanned.damaged) {
          const reason = "some bytes are not UTF-8 and were read as U+FFFD";
          this.#lose("invalid_utf8", reason, scanned);
        }
        this.#readRows(scanned);
      }
      const after = this.#scanner.state;
      if (after === undefined) continue;
      this.#before = after;
      if (after.offset >= this.#checkpointAt) this.#checkpoint(after);
    }
  }

  #readRows(record: ScannedRecord): void {
    const rows = openRows(record.value);
    if (rows === undefined) return this.#read(record);
    const size = Math.ceil(record.size / Math.max(1, rows.length));
    for (const row of rows) {
      if ("value" in row) this.#read({ ...record, size, value: row.value });
      else this.#lose("unreadable_record", row.reason, record);
    }
  }

  #read(record: ScannedRecord): void {
    if (this.#collector !== undefined) {
      this.#collect(record, this.#before);
      return;
    }
    this.#sniffed.push([record, this.#before]);
    const enough = this.#sniffed.length >= SNIFFED_RECORDS ||
      record.offset + record.size >= SNIFFED_BYTES;
    if (enough) this.#endSniffing();
  }

  #collect(record: ScannedRecord, before: ScanState): void {
    this.#place = record;
    this.#collector?.add(record, before);
  }

  /** Decides the format by the records held so far and reads them. */
  #endSniffing(): void {
    const sniffed = this.#sniffed;
    this.#sniffed = [];
    const shaped = sniffed.filter(([{ value }]) =>
      typeof value === "object" && value
    );
    const format = !this.#reading.variables
      ? formatOf(shaped.map(([{ value }]) => value))
      : shaped.length > 0
      ? variables
      : undefined;
    if (format === undefined) {
      // Numbers and nulls say nothing about the rest of the file, objects do.
      const unknown = shaped.length === 0 ? sniffed : shaped.slice(0, 1);
      for (const [record] of unknown) this.#loseShape(record);
      this.#stopped = shaped.length > 0;
      return;
    }
    this.#begin(format);
    for (const [record, before] of sniffed) this.#collect(record, before);
  }

  #begin(format: ArchiveFormat): void {
    this.format = format;
    for (const error of this.strangers.splice(0)) this.#tell(error);
    const { from, maxConversationBytes } = this.#reading;
    if (format.kind === "refused") {
      this.#lose("refused_format", format.reason, START);
      this.#stopped = true;
    } else if (format.kind === "message") {
      this.#collector = new MessageCollector(
        format,
        maxConversationBytes,
        this.#sink,
        from,
      );
    } else {
      this.#collector = new RecordCollector(
        format,
        this.#sink,
        from?.begun ?? 0,
      );
      const { projection } = format;
      if (projection !== undefined) {
        const isEnough = (record: Json) =>
          isObject(record) && format.matches(record) &&
          format.isEnough?.(record) !== false;
        this.#scanner.project({ projection, isEnough });
      }
    }
  }

  #checkpoint(scan: ScanState): void {
    const { checkpointBytes, counts, formats, part, seekable } = this.#reading;
    this.#checkpointAt = scan.offset + checkpointBytes;
    const collector = this.#collector;
    if (collector === undefined || this.#stopped) return;
    this.#place = scan;
    collector.close(scan.offset - checkpointBytes);
    const from = collector.resumeFrom(scan);
    const { offset } = from.scan;
    // A conversation as long as the file so far: going on from here would save nothing.
    if (offset <= this.#checkpointed) return;
    this.#checkpointed = offset;
    this.#events.push({
      type: "checkpoint",
      cursor: {
        offset: seekable ? offset : 0,
        part,
        ...from,
        told: scan.offset,
        format: this.format!.name,
        counts: { ...counts },
        leftOut: this.#leftOut.state,
        formats: [...formats],
      },
    });
  }

  #loseShape(record: ScannedRecord): void {
    const shape = describeShape(record.value);
    this.#lose("unknown_shape", `no format has this shape: ${shape}`, record);
  }

  #lose(code: ArchiveErrorCode, reason: string, place: Place): void {
    const { record, offset } = place;
    if (offset < this.#told) return;
    const { entry } = this.#reading.file;
    const message =
      `Cannot read ${this.#fileName}, record ${record} at byte ${offset}: ${reason}`;
    const error: ArchiveError = { code, message, record, offset };
    if (entry !== undefined) error.entry = entry;
    const isStrange = entry !== undefined && this.format === undefined &&
      STRANGE.has(code);
    if (isStrange) this.strangers.push(error);
    else this.#tell(error);
  }

  get #fileName(): string {
    const { path, entry } = this.#reading.file;
    return entry === undefined ? path : `${path} (${entry})`;
  }

  #tellLeftOut(): void {
    if (this.format === undefined) return;
    const { entry } = this.#reading.file;
    const told = this.#leftOut.toLeftOut(this.#fileName, this.format.name);
    for (const leftOut of told) {
      // Of a zip, such as a log of Inspect, one entry need not have any.
      const isOne = entry !== undefined && this.#reading.counts.prompts > 0;
      if (leftOut.code === "no_prompts" && isOne) continue;
      if (entry !== undefined) leftOut.entry = entry;
      this.#events.push({ type: "leftOut", leftOut });
    }
  }

  #tell(error: ArchiveError): void {
    // Damaged text was used all the same.
    if (error.code !== "invalid_utf8") this.#reading.counts.skipped++;
    this.#events.push({ type: "error", error });
  }
}

interface Place {
  record: number;
  offset: number;
}

const ENDS_EARLY = new Set<ArchiveErrorCode>(["cut_off", "empty"]);
const STRANGE = new Set<ArchiveErrorCode>([
  "not_json",
  "empty",
  "unknown_shape",
]);
