import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { watchSources } from "./watch_sources.ts";

Deno.test("watchSources() tells once of files that are saved together", async () => {
  const folder = await Deno.makeTempDir();
  const changed = Promise.withResolvers<void>();
  let changes = 0;
  const stop = watchSources(folder, () => {
    changes++;
    changed.resolve();
  });
  await Deno.writeTextFile(join(folder, "a_test.ts"), "1");
  await Deno.writeTextFile(join(folder, "a.ts"), "1");
  await Deno.writeTextFile(join(folder, "b.ts"), "1");
  await changed.promise;
  assertEquals(changes, 1);
  stop();
  await Deno.remove(folder, { recursive: true });
});
