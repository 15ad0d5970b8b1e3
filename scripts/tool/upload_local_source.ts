import { createHash } from "node:crypto";
import { basename, resolve } from "node:path";
import { uploadAllFiles } from "../pipeline/upload_files.ts";
import type { Connection } from "../project/connection.ts";

const BUCKET = "conversation-archives";

/**
 * Turns a local source of run_pipeline into one in Storage, because the run works in the project:
 * the directory goes to the bucket conversation-archives, below a folder named after it.
 *
 * @throws {PipelineError} `unavailable`: a file could not be uploaded
 */
export async function uploadLocalSource(
  input: unknown,
  connection: Connection,
  fetch: typeof globalThis.fetch,
): Promise<unknown> {
  const { dataSource } = input as {
    dataSource?: { type?: string; directory?: string };
  };
  if (dataSource?.type !== "local" || !dataSource.directory) return input;
  const directory = resolve(dataSource.directory);
  const digest = createHash("sha256").update(directory).digest("hex");
  const prefix = `local/${basename(directory).replace(/[^\w.-]/g, "_")}-${
    digest.slice(0, 8)
  }/`;
  await uploadAllFiles([directory], connection, {
    bucket: BUCKET,
    prefix,
    fetch,
  });
  return {
    ...input as object,
    dataSource: { type: "supabase", bucket: BUCKET, prefix },
  };
}
