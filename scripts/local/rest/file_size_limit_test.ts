import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { supabaseFolder } from "../checkout.ts";
import { limitFileSize, readFileSizeLimit } from "./file_size_limit.ts";

Deno.test("readFileSizeLimit() is what config.toml says, or 50 MiB", async () => {
  assertEquals(await readFileSizeLimit(supabaseFolder), 52_428_800);
  const folder = await Deno.makeTempDir();
  const write = (text: string) =>
    Deno.writeTextFile(join(folder, "config.toml"), text);
  await write('[storage]\nfile_size_limit = "1GiB"\n');
  assertEquals(await readFileSizeLimit(folder), 2 ** 30);
  await write('project_id = "x"\n');
  assertEquals(await readFileSizeLimit(folder), 52_428_800);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("limitFileSize() lets a file through that is not too large, and no other", async () => {
  const upload = (bytes: number) =>
    limitFileSize(
      new Request("http://localhost/storage/v1/object/b/a", {
        method: "POST",
        body: new Uint8Array(bytes),
      }),
      10,
      async (request) =>
        Response.json({ bytes: (await request.arrayBuffer()).byteLength }),
    );
  assertEquals(await (await upload(10)).json(), { bytes: 10 });
  const refused = await upload(11);
  assertEquals([refused.status, (await refused.json()).statusCode], [
    400,
    "413",
  ]);
});
