import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of this clone. */
export const checkout: string = join(
  fileURLToPath(new URL("../../", import.meta.url)),
  ".",
).replace(/[/\\]$/, "");

/** The folder of the project that the embedded Supabase serves. */
export const supabaseFolder: string = join(checkout, "supabase");
