import * as z from "zod";
import { PipelineError } from "./errors.ts";
import { readBeginning, readText } from "./model/response_body.ts";
import { isMadeObjectName } from "./object_name.ts";

/** One page of a folder in a bucket. */
export interface StoragePage {
  /** Full paths of folders, without a slash at the end. */
  folders: string[];
  objects: { path: string; version: string; size: number }[];
  /** Where the next page begins; null: this was the last. */
  nextOffset: number | null;
}

/** An object being read. */
export interface OpenObject {
  bytes: ReadableStream<Uint8Array>;
  /** Bytes to skip because the server ignored the range and began at 0. */
  skip: number;
  /** Changes when the object is replaced. */
  version: string;
  /** What the file was called where Storage would not take its name. */
  originalPath?: string;
}

/** What `upload` notes of a file in its object's metadata. */
export interface FileMetadata {
  /** Hexadecimal, of the bytes. */
  sha256?: string;
  /** Where Storage would not take it. */
  originalPath?: string;
}

/** Supabase Storage as far as extraction needs it. */
export interface ArchiveStorage {
  /** @throws {PipelineError} `not_found`: there is no such bucket. */
  checkBucket(bucket: string): Promise<void>;
  list(bucket: string, folder: string, offset: number): Promise<StoragePage>;
  /** Reads an object from a byte on. `not_found`: it is gone. */
  open(
    bucket: string,
    path: string,
    from: number,
    signal: AbortSignal,
  ): Promise<OpenObject>;
}

/** What `upload` asks for besides. */
export interface MetadataStorage extends ArchiveStorage {
  /** Without members where the object is not there or nobody noted any. */
  readMetadata(bucket: string, path: string): Promise<FileMetadata>;
}

const PAGE_SIZE = 1000;
/** A thousand objects with names of a kilobyte each take a fifth of it. */
const MOST_PAGE_BYTES = 10_000_000;
const MOST_ERROR_BYTES = 10_000;

const pageSchema = z.array(z.object({
  name: z.string(),
  id: z.string().nullish(),
  updated_at: z.string().nullish(),
  metadata: z.object({
    eTag: z.string().optional(),
    size: z.number().optional(),
  }).nullish(),
}));

const metadataSchema = z.object({
  sha256: z.string().optional().catch(undefined),
  originalPath: z.string().optional().catch(undefined),
});

/** Who asks. Legacy keys are JWTs and also travel as bearer tokens; sb_secret_ keys must not. */
export function toStorageHeaders(secretKey: string): Record<string, string> {
  return secretKey.startsWith("sb_")
    ? { apikey: secretKey }
    : { apikey: secretKey, Authorization: `Bearer ${secretKey}` };
}

/**
 * Talks to the Storage API directly: storage-js buffers whole objects and knows no ranges.
 *
 * Listing uses `POST /object/list/{bucket}`, one folder at a time, which every version of Storage
 * has; the newer flat listing is still marked experimental.
 */
export function createArchiveStorage(
  { supabaseUrl, secretKey }: { supabaseUrl: string; secretKey: string },
  send: typeof fetch,
): MetadataStorage {
  const root = `${supabaseUrl}/storage/v1`;
  const headers = toStorageHeaders(secretKey);

  async function request(action: string, url: string, init: RequestInit) {
    let response: Response;
    try {
      response = await send(url, {
        ...init,
        headers: { ...headers, ...init.headers },
      });
    } catch (error) {
      throw new PipelineError(
        "unavailable",
        `Cannot ${action}: Storage does not answer`,
        { cause: error },
      );
    }
    if (response.ok) return response;
    const text = await readBeginning(response, MOST_ERROR_BYTES);
    throw new PipelineError(
      toErrorCode(response.status, text),
      `Cannot ${action}: Storage answered ${response.status} ${
        text.slice(0, 200)
      }`,
    );
  }

  return {
    async checkBucket(bucket) {
      checkSegments(bucket);
      const response = await request(
        `find bucket "${bucket}"`,
        `${root}/bucket/${encodeURIComponent(bucket)}`,
        {},
      );
      await response.body?.cancel();
    },
    async list(bucket, folder, offset) {
      checkSegments(`${bucket}/${folder}`);
      const response = await request(
        `list "${folder}" in bucket "${bucket}"`,
        `${root}/object/list/${encodeURIComponent(bucket)}`,
        {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({
            prefix: folder,
            limit: PAGE_SIZE,
            offset,
            sortBy: { column: "name", order: "asc" },
          }),
        },
      );
      const entries = pageSchema.parse(
        JSON.parse(await readText(response, MOST_PAGE_BYTES)),
      );
      return toPage(folder, offset, entries);
    },
    async open(bucket, path, from, signal) {
      checkSegments(`${bucket}/${path}`);
      const { originalPath } = isMadeObjectName(path)
        ? await readMetadata(bucket, path)
        : {};
      const response = await request(
        `read "${path}" in bucket "${bucket}"`,
        `${root}/object/${escape(bucket, path)}`,
        {
          headers: {
            // Compressed, it would have another tag than a part of it, which is never compressed.
            "Accept-Encoding": "identity",
            ...from > 0 ? { Range: `bytes=${from}-` } : {},
          },
          signal,
        },
      );
      return {
        ...originalPath !== undefined && { originalPath },
        bytes: response.body ?? new Blob([]).stream(),
        skip: response.status === 206 ? 0 : from,
        version: toVersion(
          response.headers.get("etag") ?? response.headers.get("last-modified"),
        ),
      };
    },
    readMetadata,
  };

  async function readMetadata(
    bucket: string,
    path: string,
  ): Promise<FileMetadata> {
    checkSegments(`${bucket}/${path}`);
    try {
      const response = await request(
        `read the metadata of "${path}" in bucket "${bucket}"`,
        `${root}/object/info/${escape(bucket, path)}`,
        {},
      );
      const { metadata } = await response.json();
      return metadataSchema.parse(metadata ?? {});
    } catch (error) {
      // Storage of 2023 and before has no such route.
      if (
        error instanceof PipelineError &&
        ["not_found", "invalid_request"].includes(error.code)
      ) return {};
      throw error;
    }
  }
}

/** Bucket and path as a part of a URL. */
function escape(bucket: string, path: string): string {
  return [bucket, ...path.split("/")].map(encodeURIComponent).join("/");
}

/**
 * A tag without its weakness and quotes: a CDN that compresses an answer makes its strong tag a weak
 * one (https://developers.cloudflare.com/cache/reference/etag-headers), of the same object.
 */
function toVersion(tag: string | null | undefined): string {
  return tag?.replace(/^W\//, "").replace(/^"(.*)"$/, "$1") ?? "";
}

/**
 * URLs are shortened by `..` before they are sent: a user's object named `mine/../theirs/a.json` would
 * be read from the folder of another, and as service_role.
 */
function checkSegments(path: string): void {
  if (!path.split("/").some((part) => part === "." || part === "..")) return;
  throw new PipelineError(
    "invalid_request",
    `Cannot read "${path}": a part of it is . or .., which means another place in a URL. Rename it`,
  );
}

function toPage(
  folder: string,
  offset: number,
  entries: z.infer<typeof pageSchema>,
): StoragePage {
  const path = (name: string) => folder === "" ? name : `${folder}/${name}`;
  const isObject = (entry: { id?: string | null }) => Boolean(entry.id);
  return {
    folders: entries.filter((entry) => !isObject(entry))
      .map((entry) => path(entry.name)),
    objects: entries.filter(isObject)
      .filter((entry) => entry.name !== ".emptyFolderPlaceholder")
      .map((entry) => ({
        path: path(entry.name),
        version: toVersion(entry.metadata?.eTag ?? entry.updated_at),
        size: entry.metadata?.size ?? 0,
      })),
    nextOffset: entries.length === PAGE_SIZE ? offset + PAGE_SIZE : null,
  };
}

/** Storage answers 400 for what is missing and names the real status in the body. */
function toErrorCode(status: number, text: string) {
  if (status === 404 || /not.?found|"404"|NoSuch/i.test(text)) {
    return "not_found";
  }
  if (status === 401 || status === 403) return "forbidden";
  return status === 429 || status >= 500 ? "unavailable" : "invalid_request";
}
