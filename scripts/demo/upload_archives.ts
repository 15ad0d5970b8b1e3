import { createClient } from "@supabase/supabase-js";
import { basename } from "node:path";
import type { Stack } from "../local/stack.ts";

/** An archive as it was uploaded. */
export interface UploadedArchive {
  path: string;
  /** Bytes. */
  size: number;
}

/** Where the demo's archives live in this clone. */
export const sampleArchives = ["chatgpt.json", "claude.json", "messages.jsonl"]
  .map((name) => new URL(`./archives/${name}`, import.meta.url));

/**
 * Makes a private bucket and uploads files into its folder `samples`.
 *
 * @throws Error that names the bucket or file that Storage refused
 */
export async function uploadArchives(
  { url, secretKey }: Pick<Stack, "url" | "secretKey">,
  bucket: string,
  files: URL[],
): Promise<UploadedArchive[]> {
  const { storage } = createClient(url, secretKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { error } = await storage.createBucket(bucket);
  if (error) {
    throw new Error(`Cannot create bucket ${bucket}: ${error.message}`);
  }
  return await Promise.all(files.map(async (file) => {
    const path = `samples/${basename(file.pathname)}`;
    const bytes = await Deno.readFile(file);
    const { error } = await storage.from(bucket).upload(path, bytes);
    if (error) throw new Error(`Cannot upload ${path}: ${error.message}`);
    return { path, size: bytes.byteLength };
  }));
}
