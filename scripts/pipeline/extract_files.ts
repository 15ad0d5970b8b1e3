import type { ExtractOptions } from "../../supabase/functions/_shared/archive/options.ts";
import {
  type ExtractEvent,
  readArchives,
} from "../../supabase/functions/_shared/archive/read_archives.ts";
import type { FoundFile } from "./find_files.ts";
import { openArchiveFile } from "./open_archive_file.ts";

const MEGABYTE = 1024 * 1024;

/** Reads files of this machine; options as `readArchives` takes them. */
export function extractFiles(
  files: AsyncIterable<FoundFile>,
  options: ExtractOptions,
): AsyncGenerator<ExtractEvent> {
  return readArchives(toArchives(files), options, {
    // A machine of one's own has more memory than an isolate.
    maxConversationBytes: 256 * MEGABYTE,
  });
}

async function* toArchives(files: AsyncIterable<FoundFile>) {
  for await (const { path } of files) {
    yield { path, open: () => openArchiveFile(path) };
  }
}
