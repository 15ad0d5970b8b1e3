import { isUtf8 } from "./parse_record.ts";
import type { ScannedLoss } from "./scanner.ts";

/** Files that are recognised by how they begin, and what to do with them. */
const KINDS: { magic: number[] | string; at?: number; reason: string }[] = [
  {
    magic: "PAR1",
    reason:
      "this is Parquet; write its rows as JSON lines, for example with DuckDB: copy (from 'FILE.parquet') to 'FILE.jsonl'",
  },
  {
    magic: "ARROW1",
    reason:
      "this is Arrow; write its rows as JSON lines, for example with pandas: to_json('FILE.jsonl', orient='records', lines=True)",
  },
  {
    magic: "PGDMP",
    reason:
      "this is a dump of pg_dump in a format of its own; write the table as text: pg_restore --data-only --table TABLE --file FILE.sql FILE",
  },
  {
    magic: "SQLite format 3\0",
    reason:
      `this is an SQLite database; write its rows as JSON, for Cursor's state.vscdb: sqlite3 -json FILE "select key, cast(value as text) as value from cursorDiskKV" > FILE.json`,
  },
  { magic: "PK\x03\x04", reason: "this is a zip inside of another; unpack it" },
  { magic: "ustar", at: 257, reason: packed("tar") },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], reason: packed("xz") },
  { magic: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], reason: packed("7-Zip") },
  { magic: "BZh", reason: packed("bzip2") },
  { magic: "Rar!", reason: packed("RAR") },
];

const PAGES: { contains: RegExp; reason: string }[] = [
  {
    contains: /var jsonData|assetsJson/,
    reason:
      "this is ChatGPT's page of HTML; the same export holds conversations.json, which is to be read instead of it",
  },
];

/** Why the file cannot be read, as far as its first bytes tell what it is. */
export function describeForeignFile(
  bytes: Uint8Array,
): Pick<ScannedLoss, "code" | "reason"> {
  const kind = KINDS.find(({ magic, at = 0 }) => holds(bytes, at, magic));
  if (kind !== undefined) {
    return { code: "refused_format", reason: kind.reason };
  }
  const start = bytes.subarray(0, 64 * 1024);
  const text = new TextDecoder().decode(start).trimStart();
  const reason = describeText(text);
  return {
    code: "not_json",
    // Excel writes the code page of its country: objectstack-ai/objectui#2556.
    reason: text.includes("\ufffd") && !isUtf8(start)
      ? `${reason}; nor is it UTF-8: of Excel's formats CSV UTF-8 is`
      : reason,
  };
}

function describeText(text: string): string {
  if (text.startsWith("<")) {
    return PAGES.find(({ contains }) => contains.test(text))?.reason ??
      "this is HTML or XML; export it as JSON instead";
  }
  if (text.startsWith("# aider chat started at")) {
    return `this is aider's history in Markdown; write its prompts as JSON: sed -n 's/^#### //p' FILE | jq -Rc '{role: "user", content: .}'`;
  }
  if (text.startsWith("%PDF")) {
    return "this is a PDF; export it as JSON instead";
  }
  if (/^(?:PRAGMA|BEGIN|CREATE|INSERT)\s/i.test(text)) {
    return "this is SQL; write the table as JSON, as CSV with the names of its columns, or as COPY does";
  }
  return "this is neither JSON nor a table that begins with the names of its columns, each of them once";
}

function packed(program: string): string {
  return `this is packed by ${program}; pack the files as a zip or with gzip instead`;
}

function holds(bytes: Uint8Array, at: number, magic: number[] | string) {
  return [...magic].every((byte, index) =>
    bytes[at + index] === (typeof byte === "number" ? byte : byte.charCodeAt(0))
  );
}
