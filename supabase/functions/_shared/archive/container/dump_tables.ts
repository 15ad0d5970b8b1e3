import { readCopyCell } from "../records/copy_text.ts";
import { toValue } from "../records/row_scanner.ts";
import { BrokenContainer } from "./broken_container.ts";
import type { ArchivePart } from "./archive_part.ts";

/** `COPY public."Message_v2" (id, "chatId", parts) FROM stdin;` */
const COPY = /^COPY (.+?) \((.*)\) FROM stdin;$/i;
const NAME = /"((?:[^"]|"")*)"|[^",\s]+/g;

/** True for the start of a dump of pg_dump in plain text, or of a block of it. */
export function isDump(start: Uint8Array): boolean {
  return /^(--\r?\n|--\r$|COPY)/.test(new TextDecoder().decode(start));
}

/**
 * The tables of a dump of pg_dump, each as a part of JSON lines: what stands between `COPY … FROM
 * stdin;` and `\.`. https://www.postgresql.org/docs/current/app-pgdump.html
 */
export async function* dumpTables(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<ArchivePart> {
  const lines = linesOf(chunks);
  let found = false;
  for await (const line of lines) {
    const block = COPY.exec(line);
    if (block === null) continue;
    found = true;
    const [entry, columns] = [namesOf(block[1]).join("."), namesOf(block[2])];
    const rows = rowsOf(lines, columns);
    yield { entry, chunks: rows, seekable: false };
    // What a reader that stopped early left of it.
    while (!(await rows.next()).done);
  }
  if (!found) {
    throw new BrokenContainer(
      "refused_format",
      "the dump has no rows that COPY wrote; make it without --inserts and with the data, or write the table as CSV: \\copy (select * from messages) to 'messages.csv' csv header",
    );
  }
}

function namesOf(list: string): string[] {
  return [
    ...list.replaceAll('"."', '" "').replace(/^(\w+)\./, "$1 ")
      .matchAll(NAME),
  ].map(([name, quoted]) =>
    quoted === undefined ? name : quoted.replaceAll('""', '"')
  );
}

async function* rowsOf(
  lines: AsyncGenerator<string>,
  columns: string[],
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for (;;) {
    const { value: line, done } = await lines.next();
    if (done) throw new BrokenContainer("cut_off", "the dump ends inside it");
    if (line === "\\.") return;
    const cells = line.split("\t");
    const row = columns.map((name, index) =>
      [name, toValue(name, readCopyCell(cells[index] ?? "\\N"))] as const
    );
    yield encoder.encode(`${JSON.stringify(Object.fromEntries(row))}\n`);
  }
}

async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      yield line.endsWith("\r") ? line.slice(0, -1) : line;
    }
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
