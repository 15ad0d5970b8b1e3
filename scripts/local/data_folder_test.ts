import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { makeTemporaryDataFolder, openDataFolder } from "./data_folder.ts";

Deno.test("openDataFolder() refuses a folder that is in use", async () => {
  const parent = await Deno.makeTempDir();
  const path = join(parent, "data");
  const folder = await openDataFolder(path);
  await assertRejects(
    () => openDataFolder(path),
    Error,
    `process ${Deno.pid} runs an embedded Supabase`,
  );
  await folder.release();
  await (await openDataFolder(path)).release();
  await Deno.remove(parent, { recursive: true });
});

Deno.test("makeTemporaryDataFolder() removes its folder at the end", async () => {
  const parent = await Deno.makeTempDir();
  const folder = await makeTemporaryDataFolder(parent);
  assertEquals((await Deno.stat(folder.path)).isDirectory, true);
  await folder.release();
  await assertRejects(() => Deno.stat(folder.path), Deno.errors.NotFound);
  await Deno.remove(parent, { recursive: true });
});

Deno.test("makeTemporaryDataFolder() removes what a dead process left", async () => {
  const parent = await Deno.makeTempDir();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["--version"],
    stdout: "null",
  }).spawn();
  await child.status;
  const leftover = join(parent, `stack-${child.pid}-x`);
  await Deno.mkdir(leftover);
  const folder = await makeTemporaryDataFolder(parent);
  await assertRejects(() => Deno.stat(leftover), Deno.errors.NotFound);
  await folder.release();
  await Deno.remove(parent, { recursive: true });
});
