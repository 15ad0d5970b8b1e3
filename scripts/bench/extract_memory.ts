// A process of its own, so that the memory is that of extraction. Reads an archive from standard
// input and prints {"aboveIdle": bytes}.
import { extractOptionsSchema } from "../../supabase/functions/_shared/archive/options.ts";
import { readArchive } from "../../supabase/functions/_shared/archive/read_archive.ts";
import { toReadable } from "../pipeline/open_archive_file.ts";

const options = extractOptionsSchema.parse({});
const idle = Deno.memoryUsage().rss;
let peak = idle;

const bytes = toReadable(async (buffer) => {
  peak = Math.max(peak, Deno.memoryUsage().rss);
  return await Deno.stdin.read(buffer) ?? 0;
});
for await (const event of readArchive(bytes, { path: "bench" }, options)) {
  if (event.type === "error") throw new Error(event.error.message);
}
console.log(JSON.stringify({ aboveIdle: peak - idle }));
