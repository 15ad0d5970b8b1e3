import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tus from "tus-js-client";

/** The only size of a part that Storage takes: https://supabase.com/docs/guides/storage/uploads/resumable-uploads */
export const PART_BYTES = 6 * 1024 * 1024;

// It is there for programs outside a browser, though not among the types.
const { FileUrlStorage } = tus as unknown as {
  FileUrlStorage: new (path: string) => tus.UrlStorage;
};

/** Which uploads have begun, so that one that was interrupted goes on where it was, within a day. */
const begun = new FileUrlStorage(
  join(tmpdir(), "prompt-pipeline-uploads.json"),
);

/** An object to be. */
export interface LargeUpload {
  /** Of this machine. */
  file: string;
  bucket: string;
  path: string;
  bytes: number;
  /** What the object notes besides. */
  metadata?: object;
}

/** Whether a project takes files in parts: self-hosted ones may not. */
export async function takesParts(
  url: string,
  fetch: typeof globalThis.fetch,
): Promise<boolean> {
  const response = await fetch(toEndpoint(url), { method: "OPTIONS" });
  await response.body?.cancel();
  return response.ok && response.headers.has("tus-version");
}

/**
 * Sends a file by the TUS protocol, part by part: a part that fails is sent again, after 1, 3, 5 and
 * 10 s, and a repeated call goes on with the parts that are missing.
 *
 * @param headers who sends it
 * @throws {DetailedError} what Storage answered
 */
export async function sendInParts(
  url: string,
  headers: Record<string, string>,
  { file, bucket, path, bytes, metadata = {} }: LargeUpload,
): Promise<void> {
  const endpoint = toEndpoint(url);
  const { mtimeMs } = await stat(file);
  // An edited file, or another place for it, is another upload.
  const identity = JSON.stringify([endpoint, bucket, path, file, mtimeMs]);
  await new Promise<void>((resolve, reject) => {
    const upload = new tus.Upload(createReadStream(file), {
      endpoint,
      headers: { ...headers, "x-upsert": "true" },
      chunkSize: PART_BYTES,
      uploadSize: bytes,
      retryDelays: [1_000, 3_000, 5_000, 10_000],
      urlStorage: begun,
      fingerprint: () => Promise.resolve(identity),
      removeFingerprintOnSuccess: true,
      metadata: {
        bucketName: bucket,
        objectName: path,
        contentType: "application/octet-stream",
        cacheControl: "0",
        metadata: JSON.stringify(metadata),
      },
      onSuccess: () => resolve(),
      onError: reject,
    });
    upload.findPreviousUploads().then(([earlier]) => {
      if (earlier) upload.resumeFromPreviousUpload(earlier);
      upload.start();
    }, reject);
  });
}

/** What Storage answered to a part that it refused. */
export function answerOf(error: unknown): { status?: number; text: string } {
  const { originalResponse } = error as tus.DetailedError;
  return {
    status: originalResponse?.getStatus(),
    text: originalResponse?.getBody() || (error as Error).message,
  };
}

function toEndpoint(url: string): string {
  return `${url}/storage/v1/upload/resumable`;
}
