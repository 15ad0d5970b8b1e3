import type { Writable } from "node:stream";

const BATCH_CHARACTERS = 64 * 1024;

/** Writes lines in batches, each after the one before. */
export function createLineWriter(output: Writable) {
  let batch = "";
  async function flush(): Promise<void> {
    const text = batch;
    batch = "";
    await new Promise<void>((resolve, reject) =>
      output.write(text, (error) => error ? reject(error) : resolve())
    );
  }
  return {
    async write(line: string): Promise<void> {
      batch += `${line}\n`;
      if (batch.length >= BATCH_CHARACTERS) await flush();
    },
    flush,
  };
}
