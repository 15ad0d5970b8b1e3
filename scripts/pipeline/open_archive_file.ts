import { open } from "node:fs/promises";

const CHUNK_BYTES = 256 * 1024;
// A reader holds the latest chunk and at most the one before it.
const BUFFERS = 4;

/** Fills a buffer with the next bytes and tells how many there are, 0 at the end. */
type ReadBytes = (buffer: Uint8Array) => Promise<number>;

/** The bytes of an archive for `readArchive`, in chunks whose memory is used again. */
export async function openArchiveFile(
  path: string,
): Promise<ReadableStream<Uint8Array>> {
  const file = await open(path);
  const read: ReadBytes = async (buffer) =>
    (await file.read(buffer, 0, buffer.length)).bytesRead;
  return toReadable(read, () => file.close());
}

/**
 * A stream without new memory for every chunk: fresh buffers wait for a garbage collection that takes
 * its time, which made 40 MB more. A chunk stays valid while the next two are read: enough for
 * `readArchive`, not for an upload.
 */
export function toReadable(
  read: ReadBytes,
  close: () => void | Promise<void> = () => {},
): ReadableStream<Uint8Array> {
  const buffers = Array.from(
    { length: BUFFERS },
    () => new Uint8Array(CHUNK_BYTES),
  );
  let turn = 0;
  return new ReadableStream({
    async pull(controller) {
      const buffer = buffers[turn++ % BUFFERS];
      const size = await read(buffer);
      if (size === 0) {
        await close();
        controller.close();
      } else controller.enqueue(buffer.subarray(0, size));
    },
    cancel: close,
    // Nothing is read ahead, or a chunk could be overwritten before it was seen.
  }, { highWaterMark: 0 });
}
