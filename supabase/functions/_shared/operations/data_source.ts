import { z } from "zod";

/** Archives in a bucket. */
export const supabaseSourceSchema = z.strictObject({
  type: z.literal("supabase"),
  bucket: z.string().min(1).describe("Name of a Storage bucket"),
  prefix: z.string().default("").describe(
    "Only paths that begin with it, such as 2026/",
  ),
});

/** Archives on the machine that runs the tool. */
export const localSourceSchema = z.strictObject({
  type: z.literal("local"),
  directory: z.string().min(1).describe(
    "A file or a folder, searched with all folders in it; not over HTTP",
  ),
});
