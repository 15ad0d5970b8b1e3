import { Decompress } from "fzstd";
import { BrokenContainer } from "./broken_container.ts";

// A block is 128 KB at most and may be written in 4 bytes: a slice makes 16 MB at worst.
const SLICE_BYTES = 512;
// What `zstd` reads without being told to (RFC 8878, 3.1.1.1.2, asks for 8 MB at least).
const LARGEST_WINDOW = 128 * 1024 * 1024;

/**
 * Expands Zstandard, several frames too: `.zst` files, and entries of a zip (method 93), which is how
 * Inspect writes its logs. By fzstd, because node:zlib of hosted Deno has no Zstandard.
 */
export async function* unzstd(
  compressed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let expanded: Uint8Array[] = [];
  const expander = new Decompress((chunk) => expanded.push(chunk));
  let header: Uint8Array | undefined = new Uint8Array(0);
  const push = (slice: Uint8Array, isLast: boolean) => {
    try {
      expander.push(slice, isLast);
    } catch (error) {
      throw new BrokenContainer(
        "broken_compression",
        `the compressed data is damaged or cut off (${
          error instanceof Error ? error.message : error
        })`,
        { cause: error },
      );
    }
  };
  for await (const chunk of compressed) {
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
      const slice = chunk.slice(at, at + SLICE_BYTES);
      if (header !== undefined) {
        header = joined(header, slice);
        const window = windowOf(header);
        if (window === undefined) continue;
        if (window > LARGEST_WINDOW) {
          throw new BrokenContainer(
            "expands_too_far",
            `its window of ${window} bytes is larger than ${LARGEST_WINDOW}; pack the file without --long`,
          );
        }
        push(header, false);
        header = undefined;
      } else push(slice, false);
      yield* expanded;
      expanded = [];
    }
  }
  push(header ?? new Uint8Array(0), true);
  yield* expanded;
}

// Magic number, descriptor, and at most 1 + 4 + 8 bytes of fields.
const HEADER_BYTES = 18;

/** How much memory the first frame asks for, before fzstd takes it; undefined while that is not known. */
function windowOf(bytes: Uint8Array): number | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const descriptor = bytes[4];
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if (!isSingleSegment) {
    const base = 2 ** (10 + (bytes[5] >> 3));
    return base + base / 8 * (bytes[5] & 7);
  }
  const at = 5 + [0, 1, 2, 4][descriptor & 3];
  const size = [1, 2, 4, 8][descriptor >> 6];
  let length = 0;
  for (let index = size - 1; index >= 0; index--) {
    length = length * 256 + bytes[at + index];
  }
  return length;
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}
