import type { FoundPrompt } from "../../prompt.ts";
import type { ArchiveError } from "../archive_error.ts";
import type { ArchiveCursor } from "../archive_event.ts";
import type { LeftOut } from "../left_out_tally.ts";
import { type ExtractOptionsInput, extractOptionsSchema } from "../options.ts";
import { placeOf } from "../prompts/place.ts";
import { readArchive, type ReadArchiveSettings } from "../read_archive.ts";

/** Everything that reading an archive gives, for tests. */
export interface CollectedArchive {
  prompts: FoundPrompt[];
  texts: string[];
  /** By which the prompts are told apart in a run, see `placeOf`. */
  places: string[];
  errors: ArchiveError[];
  leftOut: LeftOut[];
  checkpoints: { cursor: ArchiveCursor; promptsBefore: number }[];
  end: {
    format: string | null;
    conversations: number;
    prompts: number;
    skipped: number;
  };
}

export interface CollectChoices extends ReadArchiveSettings {
  options?: ExtractOptionsInput;
  from?: ArchiveCursor;
  /** Bytes per chunk of the stream; default all at once. */
  chunkBytes?: number;
  entry?: string;
}

/** Reads text, bytes or JSON values as an archive named `bucket/archive`. */
export async function collect(
  archive: string | Uint8Array | object,
  choices: CollectChoices = {},
): Promise<CollectedArchive> {
  const { options = {}, from, chunkBytes, ...settings } = choices;
  const collected: CollectedArchive = {
    prompts: [],
    texts: [],
    places: [],
    errors: [],
    leftOut: [],
    checkpoints: [],
    end: { format: null, conversations: -1, prompts: -1, skipped: -1 },
  };
  const events = readArchive(
    streamOf(toBytes(archive), chunkBytes),
    { bucket: "bucket", path: "archive" },
    extractOptionsSchema.parse(options),
    from,
    settings,
  );
  for await (const event of events) {
    if (event.type === "prompt") {
      collected.prompts.push(event.prompt);
      collected.texts.push(event.prompt.text);
      collected.places.push(placeOf(event));
    } else if (event.type === "error") collected.errors.push(event.error);
    else if (event.type === "leftOut") collected.leftOut.push(event.leftOut);
    else if (event.type === "checkpoint") {
      collected.checkpoints.push({
        cursor: event.cursor,
        promptsBefore: collected.prompts.length,
      });
    } else {
      const { type: _, ...end } = event;
      collected.end = end;
    }
  }
  return collected;
}

export function toBytes(archive: string | Uint8Array | object): Uint8Array {
  if (archive instanceof Uint8Array) return archive;
  return new TextEncoder().encode(
    typeof archive === "string" ? archive : JSON.stringify(archive),
  );
}

/** Bytes as a stream of chunks of this size. */
export function streamOf(
  bytes: Uint8Array,
  chunkBytes = Math.max(1, bytes.length),
): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + chunkBytes));
      at += chunkBytes;
    },
  });
}

/** One record per line. */
export function lines(...records: unknown[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}
