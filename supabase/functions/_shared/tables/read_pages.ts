import type { ArchiveEvent } from "../archive/archive_event.ts";
import type { ExtractOptions } from "../archive/options.ts";
import type { Database } from "../database.ts";
import { fetchPage, readPage } from "./read_table.ts";
import type { TableCursor } from "./table_page.ts";

/**
 * A whole table as the events of one archive, for looking at it: nothing is noted as taken, and
 * questions without an answer are not waited for.
 *
 * @throws {PipelineError} `invalid_request`: the table cannot be read
 */
export async function* readPages(
  database: Database,
  source: object,
  owner: string | null,
  options: ExtractOptions,
): AsyncGenerator<ArchiveEvent> {
  const counts = { conversations: 0, prompts: 0, skipped: 0 };
  let format: string | null = null;
  let cursor: TableCursor | null = null;
  do {
    const page = await fetchPage(database, source, owner, cursor);
    const read = await readPage({ ...page, settleSeconds: 0 }, options);
    format = page.layout;
    counts.conversations += read.conversations;
    counts.prompts += read.prompts.length;
    counts.skipped += read.errors.length;
    yield* read.prompts;
    for (const error of read.errors) yield { type: "error", error };
    for (const leftOut of read.leftOut) yield { type: "leftOut", leftOut };
    cursor = page.cursor;
  } while (cursor.isEnd !== true);
  yield { type: "end", format, ...counts };
}
