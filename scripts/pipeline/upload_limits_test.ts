import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { uploadFiles } from "./upload_files.ts";

Deno.test("uploadFiles() says where the limit of a file's size is and how to keep it", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(join(folder, "large.jsonl"), "{}\n");
  // As Storage answers, with the status in the body: https://supabase.com/docs/guides/storage/uploads/file-limits
  const refusal = {
    statusCode: "413",
    error: "Payload too large",
    message: "The object exceeded the maximum allowed size",
  };
  const [{ outcome, error }] = await uploadFiles([folder], {
    url: "https://project.test",
    secretKey: "sb_secret_x",
  }, {
    bucket: "archives",
    prefix: "",
    fetch: async (input, init) => {
      const request = new Request(input, init);
      await request.text();
      if (request.url.includes("/object/list/")) return Response.json([]);
      return request.method === "POST" && request.url.includes("/object/")
        ? Response.json(refusal, { status: 400 })
        : Response.json({ name: "archives" });
    },
  });
  await Deno.remove(folder, { recursive: true });
  assertEquals(outcome, "failed");
  assertMatch(error!, /Storage settings.*file_size_limit.*zip it, or split/);
});
