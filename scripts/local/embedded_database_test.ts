import { assertEquals } from "@std/assert";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import postgres from "postgres";
import { openStackFolder } from "./data_folder.ts";
import { startEmbeddedDatabase } from "./embedded_database.ts";
import { readFolders } from "./folders.ts";
import type { DatabaseContent } from "./postgres/runtime.ts";

/** Starts a database with the content and gives the words in it. */
async function wordsIn(content: DatabaseContent): Promise<string[]> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await openStackFolder();
  cleanup.defer(folder.release);
  const database = await startEmbeddedDatabase({
    folder: folder.path,
    durable: false,
    port: 0,
    content,
    log: console.error,
  });
  cleanup.defer(database.stop);
  const sql = postgres(database.url, { max: 1 });
  cleanup.defer(() => sql.end());
  return (await sql`select word from words`).map(({ word }) => word);
}

const templatesOf = (name: string) =>
  Array.fromAsync(
    glob(join(readFolders().runtime, "*", `template-test-${name}-*`)),
  );

Deno.test("startEmbeddedDatabase() writes content once, and forgets it when nobody uses it", async () => {
  const test = crypto.randomUUID();
  let writes = 0;
  const content = (word: string): DatabaseContent => ({
    name: `test-${test}-${word}`,
    async write(url) {
      writes++;
      const sql = postgres(url, { max: 1 });
      await sql`create table words as select ${word}::text as word`;
      await sql.end();
    },
  });
  try {
    assertEquals(await wordsIn(content("first")), ["first"]);
    assertEquals(await wordsIn(content("first")), ["first"]);
    assertEquals(writes, 1);
    const [first] = await templatesOf(test);
    await Deno.utime(first, 0, 0);
    assertEquals(await wordsIn(content("second")), ["second"]);
    assertEquals((await templatesOf(test)).includes(first), false);
  } finally {
    for (const path of await templatesOf(test)) {
      await Deno.remove(path, { recursive: true });
    }
  }
});
