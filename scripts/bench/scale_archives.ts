import { createClient } from "@supabase/supabase-js";
import type { Stack } from "../local/stack.ts";

/** Prompts of one file: 28 MB, below the 50 MB that Storage takes by default. */
const OF_A_FILE = 50_000;

/** Puts so many prompts into a bucket of that name, as lines of OpenAI messages in several files. */
export async function uploadPrompts(
  { url, secretKey }: Stack,
  bucket: string,
  prompts: number,
): Promise<void> {
  const { storage } = createClient(url, secretKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const created = await storage.createBucket(bucket);
  if (created.error) throw created.error;
  for (let first = 0; first < prompts; first += OF_A_FILE) {
    const count = Math.min(OF_A_FILE, prompts - first);
    const lines = Array.from(
      { length: count },
      (_, n) => toLine(bucket, first + n),
    );
    const { error } = await storage.from(bucket).upload(
      `${String(first / OF_A_FILE).padStart(4, "0")}.jsonl`,
      new Blob(lines),
    );
    if (error) throw error;
    console.error(`${bucket}: ${first + count} of ${prompts} prompts uploaded`);
  }
}

/** A prompt of about 260 bytes that stands nowhere else, and an answer of about 240. */
function toLine(bucket: string, number: number): string {
  const messages = [
    {
      role: "user",
      content: `Question ${number} of ${bucket}: ${
        "what does this line of the log mean? ".repeat(6)
      }`,
    },
    {
      role: "assistant",
      content: `Answer ${number}: ${
        "it says that a file was not found there. ".repeat(5)
      }`,
    },
  ];
  return `${JSON.stringify({ messages })}\n`;
}
