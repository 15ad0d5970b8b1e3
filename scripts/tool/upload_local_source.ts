import { createHash } from "node:crypto";
import { basename, resolve } from "node:path";
import {
  type OperationError,
  PipelineError,
} from "../../supabase/functions/_shared/errors.ts";
import { uploadFiles } from "../pipeline/upload_files.ts";
import type { Connection } from "../project/connection.ts";

const BUCKET = "conversation-archives";

/**
 * Turns a local source of a run or a sweep into one in Storage, because it works in the project:
 * the directory goes to the bucket conversation-archives, below a folder named after it. A file that
 * cannot be uploaded is told in `errors`, and the run does without it.
 *
 * @throws {PipelineError} `unavailable`: no file could be uploaded
 */
export async function uploadLocalSource(
  input: unknown,
  connection: Connection,
  fetch: typeof globalThis.fetch,
): Promise<{ input: unknown; errors: OperationError[] }> {
  const { dataSource } = input as {
    dataSource?: { type?: string; directory?: string };
  };
  if (dataSource?.type !== "local" || !dataSource.directory) {
    return { input, errors: [] };
  }
  const directory = resolve(dataSource.directory);
  const digest = createHash("sha256").update(directory).digest("hex");
  const prefix = `local/${basename(directory).replace(/[^\w.-]/g, "_")}-${
    digest.slice(0, 8)
  }/`;
  const files = await uploadFiles([directory], connection, {
    bucket: BUCKET,
    prefix,
    fetch,
  });
  const errors = files.filter(({ outcome }) => outcome === "failed")
    .map(({ file, error }) => ({
      code: "not_uploaded",
      message: error!,
      context: { file },
    }));
  if (errors.length > 0 && errors.length === files.length) {
    throw new PipelineError("unavailable", errors[0].message);
  }
  return {
    input: {
      ...input as object,
      dataSource: { type: "supabase", bucket: BUCKET, prefix },
    },
    errors,
  };
}
