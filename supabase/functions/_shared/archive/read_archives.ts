import type { Prompt } from "../prompt.ts";
import { withKey } from "../prompt_key.ts";
import type { ArchiveError } from "./archive_error.ts";
import type { ArchiveEvent, PromptEvent } from "./archive_event.ts";
import type { LeftOut } from "./left_out_tally.ts";
import type { ExtractOptions } from "./options.ts";
import { sampleByCount } from "./prompts/sample.ts";
import {
  type ArchiveName,
  readArchive,
  type ReadArchiveSettings,
} from "./read_archive.ts";

/** An archive that is opened when its turn comes; only then it may be known what it was called. */
export interface UnreadArchive extends ArchiveName {
  open(): Promise<
    & Pick<ArchiveName, "originalPath">
    & (
      | { bytes: ReadableStream<Uint8Array> }
      /** What was found in it already, such as of a table. */
      | { events: AsyncIterable<ArchiveEvent> }
    )
  >;
}

/** What was read of one archive. */
export interface FileReport {
  path: string;
  /** What the file was called where Storage would not take its name. */
  originalPath?: string;
  format: string | null;
  conversations: number;
  /** Prompts that passed the filters; `maxPrompts`, `dedupe` and a sample by number come after. */
  prompts: number;
  /** Records that could not be read. */
  skipped: number;
  errors: ArchiveError[];
  /** What was left out though nobody decided so, and why a file of a known format gave no prompt. */
  leftOut: LeftOut[];
}

type GivenPrompt = PromptEvent & { prompt: Prompt };

export type ExtractEvent =
  | GivenPrompt
  | { type: "file"; report: FileReport };

/**
 * Reads archives one after the other, with the options that a hosted run leaves to the database:
 * `dedupe`, `sample` as a number and `maxPrompts` hold over all of them, in this order. An archive
 * that cannot be opened or breaks off is reported and does not stop the others.
 */
export async function* readArchives(
  archives: AsyncIterable<UnreadArchive>,
  options: ExtractOptions,
  settings: ReadArchiveSettings,
): AsyncGenerator<ExtractEvent> {
  const keys = new Set<string>();
  const sampled: GivenPrompt[] = [];
  const byCount = options.sample !== undefined && options.sample >= 1;
  const most = options.maxPrompts ?? Infinity;
  let given = 0;
  for await (const archive of archives) {
    if (given >= most) return;
    const report: FileReport = {
      path: archive.path,
      format: null,
      conversations: 0,
      prompts: 0,
      skipped: 0,
      errors: [],
      leftOut: [],
    };
    for await (const found of readOne(archive, options, settings, report)) {
      if (options.dedupe && keys.has(found.prompt.key)) continue;
      if (options.dedupe) keys.add(found.prompt.key);
      if (byCount) sampled.push(found);
      else {
        yield found;
        if (++given >= most) break;
      }
    }
    yield { type: "file", report };
  }
  if (!byCount) return;
  for (const found of sampleByCount(sampled, options.sample!, options)) {
    if (given++ >= most) return;
    yield found;
  }
}

async function* readOne(
  { open, ...name }: UnreadArchive,
  options: ExtractOptions,
  settings: ReadArchiveSettings,
  report: FileReport,
): AsyncGenerator<GivenPrompt> {
  try {
    const { originalPath, ...opened } = await open();
    if (originalPath !== undefined) report.originalPath = originalPath;
    const events = "events" in opened ? opened.events : readArchive(
      opened.bytes,
      { ...name, originalPath },
      options,
      undefined,
      { ...settings, checkpointBytes: Infinity },
    );
    for await (const event of events) {
      if (event.type === "prompt") {
        report.prompts++;
        yield { ...event, prompt: withKey(event.prompt) };
      } else if (event.type === "error") report.errors.push(event.error);
      else if (event.type === "leftOut") report.leftOut.push(event.leftOut);
      else if (event.type === "end") {
        report.format = event.format;
        report.conversations = event.conversations;
        report.skipped = event.skipped;
      }
    }
  } catch (error) {
    report.skipped++;
    report.errors.push({
      code: "unreadable_file",
      message: `Cannot read ${name.path}: ${
        error instanceof Error ? error.message : error
      }`,
      record: 0,
      offset: 0,
    });
  }
}
