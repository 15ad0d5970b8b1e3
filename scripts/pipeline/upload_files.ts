import { pooledMap } from "@std/async/pool";
import type { SupabaseClient } from "@supabase/supabase-js";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, relative } from "node:path";
import { PipelineError } from "../../supabase/functions/_shared/errors.ts";
import { toObjectName } from "../../supabase/functions/_shared/object_name.ts";
import {
  createArchiveStorage,
  type FileMetadata,
  toStorageHeaders,
} from "../../supabase/functions/_shared/storage.ts";
import type { Connection } from "../project/connection.ts";
import { createProjectClient } from "../project/create_client.ts";
import { refuseRedirects } from "../project/refuse_redirects.ts";
import { findFiles } from "./find_files.ts";
import {
  answerOf,
  PART_BYTES,
  sendInParts,
  takesParts,
} from "./send_in_parts.ts";

/** What became of one file. */
export interface UploadedFile {
  file: string;
  /** In its bucket. */
  path: string;
  /** The path that the file would have, where Storage does not take that name. */
  originalPath?: string;
  bytes: number;
  outcome: "uploaded" | "already there" | "failed";
  /** Why it failed. */
  error?: string;
}

export interface UploadSettings {
  bucket: string;
  /** Put before every path, such as `2026/`. */
  prefix: string;
  /** Files at a time; default 4. */
  parallel?: number;
  fetch: typeof globalThis.fetch;
  /** Told once how much there is to do, and then after each file. */
  onStart?(total: { files: number; bytes: number }): void;
  onFile?(file: UploadedFile): void;
}

/**
 * Puts files and folders into a bucket, which is made (private) when there is none. A file whose name
 * Storage refuses gets one that it takes, see `toObjectName`. Every object notes the SHA-256 of its
 * file: what is there already with the same bytes is not sent again, and an interrupted upload is
 * resumed by repeating it, within a file that is sent in parts too. Files are streamed, those above
 * 6 MB in parts where Storage takes them. A file that fails does not stop the others.
 *
 * @throws {PipelineError} the bucket can neither be found nor made
 */
export async function uploadFiles(
  paths: string[],
  connection: Connection,
  settings: UploadSettings,
): Promise<UploadedFile[]> {
  const { bucket, prefix, parallel = 4, fetch, onStart, onFile } = settings;
  const storage = createArchiveStorage({
    supabaseUrl: connection.url,
    secretKey: connection.secretKey,
  }, refuseRedirects(fetch));
  const client = createProjectClient(connection, fetch);
  await storage.checkBucket(bucket).catch(async (error) => {
    if (!(error instanceof PipelineError) || error.code !== "not_found") {
      throw error;
    }
    const made = await client.storage.createBucket(bucket);
    if (made.error) {
      throw toPipelineError(`make bucket "${bucket}"`, made.error);
    }
  });
  const files = await listFiles(paths, prefix);
  onStart?.({
    files: files.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  });
  const present = createFolderIndex((folder, offset) =>
    storage.list(bucket, folder, offset)
  );
  const taken = new Map<string, string>();
  let parts: Promise<boolean> | undefined;
  const hasParts = () => parts ??= takesParts(connection.url, fetch);
  const upload = async (file: LocalFile) => {
    const uploaded = await uploadOne(file);
    onFile?.(uploaded);
    return uploaded;
  };
  async function uploadOne(file: LocalFile): Promise<UploadedFile> {
    const { path } = file;
    const first = taken.get(path);
    taken.set(path, first ?? file.file);
    try {
      if (first !== undefined) {
        throw new Error(`Cannot upload ${file.file}: ${first} has its path`);
      }
      const metadata = {
        sha256: await digestOf(file),
        originalPath: file.originalPath,
      };
      if (
        (await present(path))?.size === file.bytes &&
        (await storage.readMetadata(bucket, path)).sha256 === metadata.sha256
      ) return { ...file, outcome: "already there" };
      if (file.bytes > PART_BYTES && await hasParts()) {
        await sendInParts(
          connection.url,
          toStorageHeaders(connection.secretKey),
          { ...file, bucket, metadata },
        ).catch((error) => {
          const { status, text } = answerOf(error);
          throw toPipelineError(`upload ${file.file}`, {
            status,
            message: text,
          });
        });
      } else await send(file, metadata, bucket, client);
      return { ...file, outcome: "uploaded" };
    } catch (error) {
      return { ...file, outcome: "failed", error: (error as Error).message };
    }
  }
  const uploaded: UploadedFile[] = [];
  // The tool runs under Node 20 too, which has no Array.fromAsync().
  for await (const file of pooledMap(parallel, files, upload)) {
    uploaded.push(file);
  }
  return uploaded;
}

/**
 * As uploadFiles(), for those who need every file.
 *
 * @throws {PipelineError} also when a file fails
 */
export async function uploadAllFiles(
  ...args: Parameters<typeof uploadFiles>
): Promise<UploadedFile[]> {
  const files = await uploadFiles(...args);
  const failed = files.filter(({ outcome }) => outcome === "failed");
  if (failed.length === 0) return files;
  throw new PipelineError(
    "unavailable",
    `Cannot upload ${failed.length} of ${files.length} files: ${
      failed[0].error
    }`,
  );
}

type LocalFile = Pick<
  UploadedFile,
  "file" | "path" | "originalPath" | "bytes"
>;

async function listFiles(
  paths: string[],
  prefix: string,
): Promise<LocalFile[]> {
  const files: LocalFile[] = [];
  for (const path of paths) {
    const root = (await stat(path)).isDirectory() ? path : dirname(path);
    for await (const file of findFiles([path])) {
      const name = relative(root, file).replaceAll("\\", "/") || basename(file);
      const originalPath = `${prefix}${name}`;
      const path = toObjectName(originalPath);
      // A link to nowhere has no size, and fails when its turn comes.
      const bytes = await stat(file).then(({ size }) => size, () => 0);
      files.push({
        file,
        path,
        ...path !== originalPath && { originalPath },
        bytes,
      });
    }
  }
  return files;
}

type Kept = { size: number };

/** Looks objects up by listing each folder once. */
function createFolderIndex(
  list: (
    folder: string,
    offset: number,
  ) => ReturnType<ReturnType<typeof createArchiveStorage>["list"]>,
): (path: string) => Promise<Kept | undefined> {
  const folders = new Map<string, Promise<Map<string, Kept>>>();
  async function read(folder: string) {
    const kept = new Map<string, Kept>();
    let offset: number | null = 0;
    while (offset !== null) {
      const page = await list(folder, offset);
      for (const object of page.objects) kept.set(object.path, object);
      offset = page.nextOffset;
    }
    return kept;
  }
  return async (path) => {
    const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    if (!folders.has(folder)) folders.set(folder, read(folder));
    return (await folders.get(folder)!).get(path);
  };
}

async function digestOf({ file }: LocalFile): Promise<string> {
  const digest = createHash("sha256");
  for await (const chunk of createReadStream(file)) digest.update(chunk);
  return digest.digest("hex");
}

async function send(
  { file, path }: LocalFile,
  metadata: FileMetadata,
  bucket: string,
  { storage }: SupabaseClient,
): Promise<void> {
  // The client does not escape names.
  const escaped = path.split("/").map(encodeURIComponent).join("/");
  const { error } = await storage.from(bucket).upload(
    escaped,
    ReadableStream.from(createReadStream(file)),
    {
      upsert: true,
      contentType: "application/octet-stream",
      metadata,
      // Another version of the file is another archive at once.
      cacheControl: "0",
      duplex: "half",
    },
  );
  if (error) throw toPipelineError(`upload ${file}`, error);
}

function toPipelineError(
  action: string,
  { status, message }: { status?: number; message: string },
): PipelineError {
  if (status === 413 || /maximum (allowed )?size|too large/i.test(message)) {
    return new PipelineError(
      "too_large",
      `Cannot ${action}: it is larger than Storage takes (50 MB on the Free plan, in Docker and as a bucket's default). Raise the limit in the project's Storage settings or the bucket's, in Docker file_size_limit of config.toml, or make the file smaller: zip it, or split -l 100000 a file of lines`,
    );
  }
  return new PipelineError(
    status && status < 500 ? "invalid_request" : "unavailable",
    `Cannot ${action}: Storage answered ${status} ${message.slice(0, 200)}`,
  );
}
