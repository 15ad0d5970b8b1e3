import { deflateRawSync } from "node:zlib";
import { joinBytes } from "./change_bytes.ts";

/** A zip entry, and the ways in which programs write it. */
export interface ZipFile {
  name: string;
  content: Uint8Array;
  /** Written without compression. */
  stored?: boolean;
  /** Sizes are written behind the data, with or without a signature before them. */
  sizes?: "behind" | "behind, unsigned" | "in zip64 field" | "behind, 8 bytes";
  encrypted?: boolean;
  /** Compression method to claim instead of the true one. */
  method?: number;
}

/** A zip as programs that stream write it: PKWARE APPNOTE.TXT 6.3.10, section 4.3. */
export function buildZip(files: ZipFile[]): Uint8Array {
  return joinBytes(
    ...files.map(localEntry),
    numbers([0x02014b50, 4], [0, 42]),
    numbers([0x06054b50, 4], [0, 18]),
  );
}

function localEntry(file: ZipFile): Uint8Array {
  const { name, content, stored, sizes, encrypted, method } = file;
  const data = stored ? content : new Uint8Array(deflateRawSync(content));
  const nameBytes = new TextEncoder().encode(name);
  const behind = sizes?.startsWith("behind") ?? false;
  const zip64 = sizes === "in zip64 field";
  const extra = zip64
    ? numbers([1, 2], [16, 2], [content.length, 8], [data.length, 8])
    : new Uint8Array(0);
  // Whoever reads a stream cannot wait for the sum to come out right, so it is not looked at.
  const sum = 0x12345678;
  return joinBytes(
    numbers(
      [0x04034b50, 4],
      [20, 2],
      [(behind ? 8 : 0) | (encrypted ? 1 : 0), 2],
      [method ?? (stored ? 0 : 8), 2],
      [0, 4],
      [behind ? 0 : sum, 4],
      [behind ? 0 : zip64 ? 0xffffffff : data.length, 4],
      [behind ? 0 : zip64 ? 0xffffffff : content.length, 4],
      [nameBytes.length, 2],
      [extra.length, 2],
    ),
    nameBytes,
    extra,
    data,
    behind
      ? descriptor(sizes!, sum, data.length, content.length)
      : extra.slice(0, 0),
  );
}

function descriptor(
  sizes: string,
  sum: number,
  compressed: number,
  expanded: number,
): Uint8Array {
  const width = sizes === "behind, 8 bytes" ? 8 : 4;
  const fields = numbers([sum, 4], [compressed, width], [expanded, width]);
  return sizes === "behind, unsigned"
    ? fields
    : joinBytes(numbers([0x08074b50, 4]), fields);
}

/** Little-endian numbers of these widths in bytes. */
function numbers(...fields: [value: number, width: number][]): Uint8Array {
  return joinBytes(...fields.map(([value, width]) =>
    Uint8Array.from(
      { length: width },
      (_, byte) => Math.floor(value / 2 ** (8 * byte)) & 0xff,
    )
  ));
}
