import type { ArchiveError } from "../../supabase/functions/_shared/archive/archive_event.ts";
import type { ExtractOptions } from "../../supabase/functions/_shared/archive/options.ts";
import { createDedupe } from "../../supabase/functions/_shared/archive/prompts/dedupe.ts";
import { sampleByCount } from "../../supabase/functions/_shared/archive/prompts/sample.ts";
import { readArchive } from "../../supabase/functions/_shared/archive/read_archive.ts";
import type { Prompt } from "../../supabase/functions/_shared/prompt.ts";
import type { FoundFile } from "./find_files.ts";
import { openFile } from "./open_file.ts";

/** What was read of one file. */
export interface FileReport {
  path: string;
  format: string | null;
  conversations: number;
  /** Prompts that passed the filters; `maxPrompts`, `dedupe` and a sample by number come after. */
  prompts: number;
  /** Records that could not be read. */
  skipped: number;
  errors: ArchiveError[];
}

export type ExtractEvent =
  | { type: "prompt"; prompt: Prompt }
  | { type: "file"; report: FileReport };

const MEGABYTE = 1024 * 1024;

/**
 * Reads files of this machine with the options that a hosted run leaves to the database: `dedupe`,
 * `sample` as a number and `maxPrompts` hold over all files, in this order.
 */
export async function* extractFiles(
  files: AsyncIterable<FoundFile>,
  options: ExtractOptions,
): AsyncGenerator<ExtractEvent> {
  const isNew = createDedupe();
  const sampled: Prompt[] = [];
  const byCount = options.sample !== undefined && options.sample >= 1;
  const most = options.maxPrompts ?? Infinity;
  let given = 0;
  for await (const file of files) {
    if (given >= most) return;
    const report: FileReport = {
      path: file.path,
      format: null,
      conversations: 0,
      prompts: 0,
      skipped: 0,
      errors: [],
    };
    for await (const prompt of readFile(file, options, report)) {
      if (options.dedupe && !isNew(prompt.text)) continue;
      if (byCount) sampled.push(prompt);
      else {
        yield { type: "prompt", prompt };
        if (++given >= most) break;
      }
    }
    yield { type: "file", report };
  }
  if (!byCount) return;
  for (const prompt of sampleByCount(sampled, options.sample!, options.seed)) {
    if (given++ >= most) return;
    yield { type: "prompt", prompt };
  }
}

async function* readFile(
  { path }: FoundFile,
  options: ExtractOptions,
  report: FileReport,
): AsyncGenerator<Prompt> {
  try {
    const events = readArchive(
      await openFile(path),
      { path },
      options,
      undefined,
      {
        checkpointBytes: Infinity,
        // A machine of one's own has more memory than an isolate.
        maxConversationBytes: 512 * MEGABYTE,
      },
    );
    for await (const event of events) {
      if (event.type === "prompt") {
        report.prompts++;
        yield event.prompt;
      } else if (event.type === "error") report.errors.push(event.error);
      else if (event.type === "end") {
        report.format = event.format;
        report.conversations = event.conversations;
        report.skipped = event.skipped;
      }
    }
  } catch (error) {
    if (!isFileError(error)) throw error;
    report.skipped++;
    report.errors.push({
      code: "unreadable_file",
      message: `Cannot read ${path}: ${error.message}`,
      record: 0,
      offset: 0,
    });
  }
}

/** True for what the file system says: no permission, not found, a disk that fails. */
function isFileError(error: unknown): error is Error {
  return error instanceof Error &&
    (Object.values(Deno.errors) as unknown[]).includes(error.constructor);
}
