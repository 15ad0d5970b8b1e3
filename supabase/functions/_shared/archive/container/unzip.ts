import { BrokenContainer } from "./broken_container.ts";
import type { ByteReader } from "./byte_reader.ts";
import { inflate } from "./inflate.ts";
import { unzstd } from "./unzstd.ts";

// Layout and numbers: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.12 and 4.5.3.
const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const DATA_DESCRIPTOR = 0x08074b50;
// Of a zip that was to have several parts, and has one: section 8.5.4 (synopse/mORMot2#365).
const SPANNING_MARKER = 0x30304b50;
const ZIP64_FIELD = 0x0001;
const UNKNOWN_SIZE = 0xffffffff;
const ENCRYPTED = 1 << 0;
const SIZES_FOLLOW = 1 << 3;

export interface ZipEntry {
  name: string;
  /** The expanded bytes, to be read before the next entry is asked for. */
  chunks: AsyncIterable<Uint8Array>;
}

interface LocalHeader {
  name: string;
  method: number;
  flags: number;
  /** Undefined when the size is only written behind the data. */
  compressedSize: number | undefined;
}

/**
 * The files of a zip in the order in which they lie in it, from a stream that cannot seek: the
 * directory at the end is not needed. What the caller leaves unread of an entry is not expanded.
 */
export async function* unzip(reader: ByteReader): AsyncGenerator<ZipEntry> {
  const start = view(await reader.peek(4));
  if (start.byteLength === 4 && start.getUint32(0, true) === SPANNING_MARKER) {
    await reader.skip(4);
  }
  for (;;) {
    const header = await readLocalHeader(reader);
    if (header === undefined) return;
    const compressed = header.compressedSize === undefined
      ? untilNextHeader(reader)
      : take(reader, header.compressedSize);
    if (!header.name.endsWith("/")) {
      yield { name: header.name, chunks: expand(header, compressed) };
    }
    await pass(compressed);
  }
}

async function readLocalHeader(
  reader: ByteReader,
): Promise<LocalHeader | undefined> {
  const fixed = view(await reader.peek(30));
  if (fixed.byteLength < 4 || fixed.getUint32(0, true) !== LOCAL_HEADER) {
    return undefined;
  }
  if (fixed.byteLength < 30) throw cutOff();
  const nameLength = fixed.getUint16(26, true);
  const extraLength = fixed.getUint16(28, true);
  const whole = await reader.peek(30 + nameLength + extraLength);
  if (whole.length < 30 + nameLength + extraLength) throw cutOff();
  const flags = fixed.getUint16(6, true);
  const size = fixed.getUint32(18, true);
  const header = {
    name: new TextDecoder().decode(whole.subarray(30, 30 + nameLength)),
    method: fixed.getUint16(8, true),
    flags,
    compressedSize: (flags & SIZES_FOLLOW) !== 0
      ? undefined
      : size === UNKNOWN_SIZE
      ? zip64Size(whole.subarray(30 + nameLength))
      : size,
  };
  await reader.skip(whole.length);
  return header;
}

function zip64Size(extra: Uint8Array): number | undefined {
  const fields = view(extra);
  for (let at = 0; at + 4 <= extra.length;) {
    const size = fields.getUint16(at + 2, true);
    if (fields.getUint16(at, true) === ZIP64_FIELD && size >= 16) {
      return at + 20 <= extra.length
        ? Number(fields.getBigUint64(at + 12, true))
        : undefined;
    }
    at += 4 + size;
  }
  return undefined;
}

async function* expand(
  header: LocalHeader,
  compressed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if ((header.flags & ENCRYPTED) !== 0) {
    throw new BrokenContainer(
      "broken_compression",
      "the entry is encrypted; unpack the zip and upload its files",
    );
  }
  if (header.method === 8) yield* inflate(compressed, "deflate-raw");
  else if (header.method === 93) yield* unzstd(compressed);
  else if (header.method === 0) yield* compressed;
  else {
    throw new BrokenContainer(
      "broken_compression",
      `the entry uses compression method ${header.method}; pack the zip with deflate`,
    );
  }
}

/** A generator that can be drained by somebody else after its reader stopped early. */
function take(
  reader: ByteReader,
  size: number,
): AsyncIterable<Uint8Array> {
  let left = size;
  return resumable(async () => {
    if (left === 0) return undefined;
    const chunk = await reader.read(left);
    if (chunk === undefined) throw cutOff();
    left -= chunk.length;
    return chunk;
  });
}

const LONGEST_DESCRIPTOR = 24;

/**
 * Bytes up to the data descriptor that the next header follows. The descriptor repeats how many bytes
 * came before it, so that compressed data which happens to look like a header is not taken for one.
 */
function untilNextHeader(reader: ByteReader): AsyncIterable<Uint8Array> {
  let given = 0;
  let ended = false;
  return resumable(async () => {
    if (ended) return undefined;
    const window = await reader.peek(64 * 1024);
    const found = findDescriptor(window, given);
    if (found !== undefined) {
      ended = true;
      const data = await reader.read(found.start) ?? window.subarray(0, 0);
      await reader.skip(found.size);
      return data.length === found.start ? data : undefined;
    }
    if (window.length <= LONGEST_DESCRIPTOR + 4) throw cutOff();
    const data = await reader.read(window.length - LONGEST_DESCRIPTOR - 4);
    given += data?.length ?? 0;
    return data;
  });
}

function findDescriptor(
  window: Uint8Array,
  before: number,
): { start: number; size: number } | undefined {
  const fields = view(window);
  for (
    let at = window.indexOf(0x50);
    at >= 0;
    at = window.indexOf(0x50, at + 1)
  ) {
    if (at + 4 > window.length) return undefined;
    const signature = fields.getUint32(at, true);
    if (signature !== LOCAL_HEADER && signature !== CENTRAL_HEADER) continue;
    for (const size of [16, 12, 24, 20]) {
      const start = at - size;
      if (start < 0) continue;
      const signed = size === 16 || size === 24;
      if (signed && fields.getUint32(start, true) !== DATA_DESCRIPTOR) continue;
      const sizeAt = start + (signed ? 8 : 4);
      const length = size >= 20
        ? Number(fields.getBigUint64(sizeAt, true))
        : fields.getUint32(sizeAt, true);
      if (length === before + start) return { start, size };
    }
  }
  return undefined;
}

/** An iterable that goes on where an earlier reader stopped, and fails only once. */
function resumable(
  next: () => Promise<Uint8Array | undefined>,
): AsyncIterable<Uint8Array> {
  let failed = false;
  const iterator = {
    async next(): Promise<IteratorResult<Uint8Array, undefined>> {
      if (failed) return { done: true, value: undefined };
      failed = true;
      const value = await next();
      failed = false;
      return value === undefined
        ? { done: true, value }
        : { done: false, value };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

async function pass(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const iterator = chunks[Symbol.asyncIterator]();
  while (!(await iterator.next()).done);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function cutOff(): BrokenContainer {
  return new BrokenContainer(
    "broken_compression",
    "the zip is cut off; upload it again",
  );
}
