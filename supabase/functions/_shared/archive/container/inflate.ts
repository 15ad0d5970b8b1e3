import { createGunzip, createInflateRaw } from "node:zlib";
import type { Transform } from "node:stream";
import { BrokenContainer } from "./broken_container.ts";

// A bomb expands 1,032 times at most, so one slice makes 16 MB at worst and 100 KB as a rule.
const SLICE_BYTES = 16 * 1024;

/**
 * Expands gzip (several members too) or raw deflate. node:zlib instead of DecompressionStream, which
 * refuses a second gzip member, loses what it had expanded before an error, and gives one chunk per
 * chunk however large; and instead of fflate, which took five times as long.
 */
export async function* inflate(
  compressed: AsyncIterable<Uint8Array>,
  kind: "gzip" | "deflate-raw",
): AsyncGenerator<Uint8Array> {
  const inflater: Transform = kind === "gzip"
    ? createGunzip()
    : createInflateRaw();
  let expanded: Uint8Array[] = [];
  let failure: Error | undefined;
  inflater.on("data", (chunk: Uint8Array) => expanded.push(chunk));
  const ended = new Promise<void>((resolve) => {
    inflater.once("end", resolve);
    inflater.once("error", (error: Error) => {
      failure = error;
      resolve();
    });
  });
  try {
    for await (const chunk of compressed) {
      for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
        const slice = chunk.subarray(at, at + SLICE_BYTES);
        // After an error the callback may never come, the end always does.
        await Promise.race([
          new Promise<void>((resolve) =>
            inflater.write(slice, () => resolve())
          ),
          ended,
        ]);
        yield* expanded;
        expanded = [];
        if (failure !== undefined) break;
      }
      if (failure !== undefined) break;
    }
    inflater.end();
    await ended;
    yield* expanded;
  } finally {
    inflater.destroy();
  }
  if (failure !== undefined) {
    throw new BrokenContainer(
      "broken_compression",
      `the compressed data is damaged or cut off (${failure.message})`,
      { cause: failure },
    );
  }
}
