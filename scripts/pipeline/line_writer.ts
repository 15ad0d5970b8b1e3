const BATCH_CHARACTERS = 64 * 1024;

/** Writes lines in batches, and everything of them: `Deno.stdout.write` may take only a part. */
export function createLineWriter(
  output: { write(bytes: Uint8Array): Promise<number> },
) {
  const encoder = new TextEncoder();
  let batch = "";
  async function flush(): Promise<void> {
    let bytes = encoder.encode(batch);
    batch = "";
    while (bytes.length > 0) bytes = bytes.subarray(await output.write(bytes));
  }
  return {
    async write(line: string): Promise<void> {
      batch += `${line}\n`;
      if (batch.length >= BATCH_CHARACTERS) await flush();
    },
    flush,
  };
}
