import { assertRejects } from "@std/assert";
import { join } from "node:path";
import { downloadModules } from "./download_modules.ts";

Deno.test("downloadModules() says which program cannot be loaded", async () => {
  const folder = await Deno.makeTempDir();
  const entry = join(folder, "broken.ts");
  await Deno.writeTextFile(entry, "export default {");
  await assertRejects(() => downloadModules([entry]), Error, "broken.ts");
  await Deno.remove(folder, { recursive: true });
});
