const CHUNK_BYTES = 256 * 1024;
// A reader holds the latest chunk and at most the one before it.
const BUFFERS = 4;

/** The bytes of a file, in chunks whose memory is used again, see `readableOf`. */
export async function openFile(
  path: string,
): Promise<ReadableStream<Uint8Array>> {
  const file = await Deno.open(path);
  return readableOf(file, () => file.close());
}

/**
 * A stream of what a file gives, without new memory for every chunk: fresh buffers wait for a garbage
 * collection that takes its time, which made 40 MB more. A chunk stays valid while the next two are read,
 * which is enough for `readArchive`.
 */
export function readableOf(
  file: { read(buffer: Uint8Array): Promise<number | null> },
  close: () => void = () => {},
): ReadableStream<Uint8Array> {
  const buffers = Array.from(
    { length: BUFFERS },
    () => new Uint8Array(CHUNK_BYTES),
  );
  let turn = 0;
  return new ReadableStream({
    async pull(controller) {
      const buffer = buffers[turn++ % BUFFERS];
      const size = await file.read(buffer);
      if (size === null) {
        close();
        controller.close();
      } else controller.enqueue(buffer.subarray(0, size));
    },
    cancel: close,
    // Nothing is read ahead, or a chunk could be overwritten before it was seen.
  }, { highWaterMark: 0 });
}
