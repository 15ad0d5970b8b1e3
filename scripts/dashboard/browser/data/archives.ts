import { to } from "./here.ts";
import { askService } from "./project.ts";
import { readRows } from "./read_rows.ts";

/** A bucket of Storage. */
export interface Bucket {
  name: string;
  public: boolean;
  created_at: string | null;
}

/** Reads the buckets of the project; signed-in users see what policies on storage.buckets show them. */
export function readBuckets(signal: AbortSignal): Promise<Bucket[]> {
  return askService("/storage/v1/bucket", undefined, signal);
}

/** What stands in a folder: another folder, whose path ends in a slash, or a file. */
export interface Stored {
  path: string;
  /** Bytes; null: of a folder, or not known. */
  size: number | null;
  updated_at: string | null;
}

/** Entries of a page of a folder. */
export const STORED_OF_A_PAGE = 100;

/** As Storage lists them: without an id it is a folder. */
interface StorageEntry {
  name: string;
  id: string | null;
  updated_at: string | null;
  metadata: { size?: number } | null;
}

/**
 * Reads a page of a folder (`""`, or a path that ends in a slash). Storage has no keysets here:
 * https://supabase.com/docs/reference/self-hosting-storage
 *
 * @returns what is there, and where the next page begins; null: this is the last
 */
export async function readFolder(
  bucket: string,
  folder: string,
  offset: number,
  signal: AbortSignal,
): Promise<{ rows: Stored[]; next: number | null }> {
  const entries = await askService<StorageEntry[]>(
    `/storage/v1/object/list/${encodeURIComponent(bucket)}`,
    {
      prefix: folder.replace(/\/$/, ""),
      limit: STORED_OF_A_PAGE,
      offset,
      sortBy: { column: "name", order: "asc" },
    },
    signal,
  );
  return {
    rows: entries
      // Studio keeps an empty folder by it (https://github.com/supabase/supabase/issues/26768).
      .filter(({ name }) => name !== ".emptyFolderPlaceholder")
      .map(({ name, id, updated_at, metadata }) => ({
        path: `${folder}${name}${id ? "" : "/"}`,
        size: metadata?.size ?? null,
        updated_at,
      })),
    next: entries.length === STORED_OF_A_PAGE
      ? offset + STORED_OF_A_PAGE
      : null,
  };
}

/** The folder that a prefix is in: `2026/` of `2026/chats.json`, and of itself. */
export function folderOf(prefix: string): string {
  return prefix.slice(0, prefix.lastIndexOf("/") + 1);
}

/** A version of a saved set of prompts. */
export interface PromptSet {
  id: number;
  name: string;
  version: number;
  description: string | null;
  prompts: number;
  owner: string | null;
  created_at: string;
}

/** Where a version of a set is looked at. */
export function toSet({ name, version, owner }: PromptSet): string {
  return to(["archives", "set", name], { version, owner });
}

/** Reads the newest sets, all versions; of one name if it is given. */
export function readSets(
  name: string | undefined,
  signal: AbortSignal,
): Promise<PromptSet[]> {
  return readRows("prompt_sets", {
    columns: "id,name,version,description,prompts,owner,created_at",
    where: { name },
    order: ["-id"],
    most: 200,
  }, signal);
}

/** A prompt of a set. */
export interface SetPrompt {
  position: number;
  key: string;
  text: string;
  messages: unknown[] | null;
  reference: string | null;
  metadata: Record<string, unknown> | null;
}

/** Prompts of a page of a set. */
export const PROMPTS_OF_A_PAGE = 100;

/** Reads prompts of a version of a set in their order, behind a position. */
export function readSetPrompts(
  id: number,
  after: string | undefined,
  signal: AbortSignal,
): Promise<SetPrompt[]> {
  return readRows("prompt_set_prompts", {
    columns: "position,key,text,messages,reference,metadata",
    where: { set_id: id },
    order: ["position"],
    after,
    most: PROMPTS_OF_A_PAGE,
  }, signal);
}
