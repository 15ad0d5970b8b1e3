import type { ArchivePart } from "./archive_part.ts";
import { BrokenContainer } from "./broken_container.ts";
import type { ByteReader } from "./byte_reader.ts";
import { dumpTables, isDump } from "./dump_tables.ts";
import { ExpansionLimit } from "./expansion_limit.ts";
import { inflate } from "./inflate.ts";
import { joinStores } from "./opencode_store.ts";
import { unzip } from "./unzip.ts";
import { unzstd } from "./unzstd.ts";
import { utf16Of, utf16ToUtf8 } from "./utf16.ts";

/**
 * Opens whatever the bytes are (plain text, UTF-16, gzip, Zstandard, zip, a dump of a database) by looking at them. Throws
 * `BrokenContainer` for a zip that cannot be walked; damage inside a part comes out of its chunks.
 */
export async function* openArchive(
  reader: ByteReader,
  maxExpandedBytes: number,
): AsyncGenerator<ArchivePart> {
  const start = await reader.peek(4);
  const limit = new ExpansionLimit(maxExpandedBytes, () => reader.position);
  if (!startsWith(start, [0x50, 0x4b])) {
    const { isDump, ...part } = await decoded(reader.chunks(), start, limit);
    if (isDump) yield* dumpTables(part.chunks);
    else yield part;
    return;
  }
  for await (const { name, chunks } of joinStores(unzip(reader))) {
    const { first, rest } = await opening(limit.watch(chunks));
    const { isDump: _, ...part } = await decoded(rest, first, limit);
    yield {
      ...part,
      entry: name,
      seekable: false,
    };
  }
  if (reader.position === 0) {
    throw new BrokenContainer("broken_compression", "the zip has no entries");
  }
}

async function decoded(
  chunks: AsyncIterable<Uint8Array>,
  start: Uint8Array,
  limit: ExpansionLimit,
): Promise<ArchivePart & { isDump: boolean }> {
  const expanded = startsWith(start, [0x1f, 0x8b])
    ? inflate(chunks, "gzip")
    : startsWith(start, [0x28, 0xb5, 0x2f, 0xfd])
    ? unzstd(chunks)
    : undefined;
  if (expanded !== undefined) {
    const { first, rest } = await opening(limit.watch(expanded));
    return { ...await decoded(rest, first, limit), seekable: false };
  }
  const encoding = utf16Of(start);
  return encoding === undefined
    ? { chunks, seekable: true, isDump: isDump(start) }
    : {
      chunks: utf16ToUtf8(chunks, encoding),
      seekable: false,
      isDump: false,
    };
}

/** The first bytes of a stream and the same stream from its start. */
async function opening(chunks: AsyncGenerator<Uint8Array>) {
  const held: Uint8Array[] = [];
  let size = 0;
  let failure: unknown;
  try {
    while (size < 4) {
      const { value, done } = await chunks.next();
      if (done) break;
      held.push(value);
      size += value.length;
    }
  } catch (error) {
    // Whoever reads the part gets it, after what was readable.
    failure = error;
  }
  const first = new Uint8Array(4);
  let filled = 0;
  for (const chunk of held) {
    const bytes = chunk.subarray(0, 4 - filled);
    first.set(bytes, filled);
    filled += bytes.length;
  }
  async function* rest() {
    yield* held;
    if (failure !== undefined) throw failure;
    yield* chunks;
  }
  return { first: first.subarray(0, filled), rest: rest() };
}

function startsWith(bytes: Uint8Array, magic: number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}
