import type { PromptSource } from "../prompt.ts";
import type { ArchiveError } from "./archive_error.ts";
import type {
  ArchiveCounts,
  ArchiveCursor,
  ArchiveEvent,
} from "./archive_event.ts";
import { BrokenContainer } from "./container/broken_container.ts";
import { ByteReader } from "./container/byte_reader.ts";
import type { ArchivePart } from "./container/archive_part.ts";
import { openArchive } from "./container/open_archive.ts";
import { oneByOne } from "./one_by_one.ts";
import type { ExtractOptions } from "./options.ts";
import { PartReader } from "./part_reader.ts";
import { createPromptMaker } from "./prompts/to_prompts.ts";

/** What an archive is called: its prompts carry it. */
export type ArchiveName = Pick<
  PromptSource,
  "bucket" | "path" | "originalPath"
>;

export interface ReadArchiveSettings {
  /** Leading bytes to pass over because the server ignored the Range request; default 0. */
  skip?: number;
  /** Bytes between two checkpoints; default 4 MB. */
  checkpointBytes?: number;
  /** Most bytes that compressed archives may expand to; default 8 GB. */
  maxExpandedBytes?: number;
  /** Most bytes of one conversation; default 32 MB, of which parsing makes about 200 MB. */
  maxConversationBytes?: number;
  /** Name of the format, where it is known; default: it is told by the records. */
  format?: string;
}

const MEGABYTE = 1024 * 1024;
// Prompts of a chunk are held together until they are given out.
const CHUNK_BYTES = 64 * 1024;

/**
 * Reads an archive as its bytes come, one conversation at a time. `bytes` begins at `from.offset` of
 * the object, or at its start with `skip` set to that number. What cannot be read is an `error`
 * event and never an exception; only `bytes` itself can make this throw, for example when a
 * download breaks off: then the last checkpoint is the place to go on.
 */
export function readArchive(
  bytes: ReadableStream<Uint8Array>,
  archive: ArchiveName,
  options: ExtractOptions,
  from?: ArchiveCursor,
  settings: ReadArchiveSettings = {},
): AsyncIterableIterator<ArchiveEvent, void> {
  return oneByOne(readBatches(bytes, archive, options, from, settings));
}

async function* readBatches(
  bytes: ReadableStream<Uint8Array>,
  archive: ArchiveName,
  options: ExtractOptions,
  from: ArchiveCursor | undefined,
  settings: ReadArchiveSettings,
): AsyncGenerator<ArchiveEvent[], void> {
  const reader = new ByteReader(bytes);
  const run = new ArchiveRun(archive, options, settings, from);
  try {
    await reader.skip(settings.skip ?? 0);
    yield* run.read(reader);
  } finally {
    await reader.cancel();
  }
}

class ArchiveRun {
  readonly #archive: ArchiveName;
  readonly #settings:
    & Required<Omit<ReadArchiveSettings, "skip" | "format">>
    & Pick<ReadArchiveSettings, "format">;
  readonly #options: ExtractOptions;
  readonly #from: ArchiveCursor | undefined;
  readonly #counts: ArchiveCounts;
  readonly #formats: Set<string>;
  /** Errors of zip entries that are no archives: told only when no entry is one. */
  #strangers: ArchiveError[] = [];

  constructor(
    archive: ArchiveName,
    options: ExtractOptions,
    settings: ReadArchiveSettings,
    from: ArchiveCursor | undefined,
  ) {
    this.#archive = archive;
    this.#from = from;
    this.#settings = {
      checkpointBytes: settings.checkpointBytes ?? 4 * MEGABYTE,
      maxExpandedBytes: settings.maxExpandedBytes ?? 8192 * MEGABYTE,
      maxConversationBytes: settings.maxConversationBytes ?? 32 * MEGABYTE,
      format: settings.format,
    };
    this.#options = options;
    this.#counts = from === undefined
      ? { conversations: 0, prompts: 0, skipped: 0 }
      : { ...from.counts };
    this.#formats = new Set(from?.formats);
  }

  async *read(reader: ByteReader): AsyncGenerator<ArchiveEvent[], void> {
    const parts = (this.#from?.offset ?? 0) > 0
      ? [{ chunks: reader.chunks(), seekable: true }]
      : openArchive(reader, this.#settings.maxExpandedBytes);
    let number = (this.#from?.offset ?? 0) > 0 ? this.#from!.part : 0;
    try {
      for await (const part of parts) {
        if (number >= (this.#from?.part ?? 0)) {
          yield* this.#readPart(part, number);
        }
        number++;
      }
    } catch (error) {
      if (!(error instanceof BrokenContainer)) throw error;
      yield [this.#containerError(error, reader.position)];
    }
    if (this.#formats.size === 0) {
      this.#counts.skipped += this.#strangers.length;
      yield this.#strangers.map((error) => ({ type: "error", error }));
    }
    yield [{
      type: "end",
      format: this.#formats.size === 0 ? null : [...this.#formats].join(", "),
      ...this.#counts,
    }];
  }

  async *#readPart(
    { entry, chunks, seekable }: ArchivePart,
    number: number,
  ): AsyncGenerator<ArchiveEvent[], void> {
    const from = this.#from?.part === number ? this.#from : undefined;
    const file = { ...this.#archive, entry };
    const reader = new PartReader({
      file,
      part: number,
      seekable,
      makePrompts: createPromptMaker(this.#options, file),
      variables: this.#options.variables === true,
      format: this.#settings.format,
      checkpointBytes: this.#settings.checkpointBytes,
      maxConversationBytes: this.#settings.maxConversationBytes,
      counts: this.#counts,
      formats: this.#formats,
      from,
    });
    // A stream that cannot be entered in the middle is read again up to the place.
    let passing = from === undefined || from.offset > 0 ? 0 : from.scan.offset;
    let failure: BrokenContainer | undefined;
    try {
      for await (const chunk of chunks) {
        const rest = chunk.subarray(Math.min(passing, chunk.length));
        passing -= chunk.length - rest.length;
        for (let at = 0; at < rest.length; at += CHUNK_BYTES) {
          yield reader.push(rest.subarray(at, at + CHUNK_BYTES));
        }
        if (reader.stopped) break;
      }
    } catch (error) {
      if (!(error instanceof BrokenContainer)) throw error;
      failure = error;
    }
    yield reader.finish(failure);
    this.#strangers.push(...reader.strangers);
    if (reader.format !== undefined) this.#formats.add(reader.format.name);
  }

  #containerError(error: BrokenContainer, offset: number): ArchiveEvent {
    this.#counts.skipped++;
    const { path } = this.#archive;
    return {
      type: "error",
      error: {
        code: error.code,
        message: `Cannot read ${path} at byte ${offset}: ${error.message}`,
        record: 0,
        offset,
      },
    };
  }
}
