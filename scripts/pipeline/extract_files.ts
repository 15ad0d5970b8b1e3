import { readFile } from "node:fs/promises";
import { opencodeStoreOf } from "../../supabase/functions/_shared/archive/container/opencode_store.ts";
import type { ExtractOptions } from "../../supabase/functions/_shared/archive/options.ts";
import {
  type ExtractEvent,
  readArchives,
  type UnreadArchive,
} from "../../supabase/functions/_shared/archive/read_archives.ts";
import { openArchiveFile } from "./open_archive_file.ts";

const MEGABYTE = 1024 * 1024;

/** Reads files of this machine; options as `readArchives` takes them. */
export function extractFiles(
  files: AsyncIterable<string>,
  options: ExtractOptions,
): AsyncGenerator<ExtractEvent> {
  return readArchives(toArchives(files), options, {
    // A machine of one's own has more memory than an isolate.
    maxConversationBytes: 256 * MEGABYTE,
  });
}

/** An archive per file, but for the files of an opencode folder, which are one. */
async function* toArchives(
  files: AsyncIterable<string>,
): AsyncGenerator<UnreadArchive> {
  let store: { path: string; files: string[] } | undefined;
  for await (const path of files) {
    const folder = opencodeStoreOf(path);
    if (store !== undefined && store.path !== folder) {
      yield toArchive(store);
      store = undefined;
    }
    if (folder === undefined) {
      const open = async () => ({ bytes: await openArchiveFile(path) });
      yield { path, open };
    } else {
      store ??= { path: folder, files: [] };
      store.files.push(path);
    }
  }
  if (store !== undefined) yield toArchive(store);
}

function toArchive(
  { path, files }: { path: string; files: string[] },
): UnreadArchive {
  async function* read() {
    for (const file of files) {
      yield new Uint8Array(await readFile(file));
      yield new TextEncoder().encode("\n");
    }
  }
  const open = () => Promise.resolve({ bytes: ReadableStream.from(read()) });
  return { path, open };
}
