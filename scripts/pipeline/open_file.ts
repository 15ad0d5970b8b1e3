import { open } from "node:fs/promises";

const CHUNK_BYTES = 256 * 1024;

/**
 * The bytes of a file from this offset on, in chunks of 256 KB. By node:fs, because the tool runs
 * under Node too.
 */
export async function openFile(
  path: string,
  offset = 0,
): Promise<ReadableStream<Uint8Array>> {
  const file = await open(path);
  let position = offset;
  return new ReadableStream({
    async pull(controller) {
      const chunk = new Uint8Array(CHUNK_BYTES);
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
      position += bytesRead;
      if (bytesRead === 0) {
        await file.close();
        controller.close();
      } else controller.enqueue(chunk.subarray(0, bytesRead));
    },
    cancel: () => file.close(),
  }, { highWaterMark: 1 });
}
