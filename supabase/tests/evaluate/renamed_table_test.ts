import { assertEquals } from "@std/assert";
import { poll } from "@std/async/poll";
import { startProjectDatabase } from "../../../scripts/test/test_database.ts";

Deno.test("pipeline_read_evaluations() finds its rows although their table is renamed while it waits", async () => {
  await using database = await startProjectDatabase(3);
  const { sql } = database;
  const [{ id }] = await sql`
    insert into prompt_evaluations (prompt_key, prompt, response, success)
    values ('a', 'a', 'b', true) returning id
  `;
  const read = () =>
    sql`select pipeline_read_evaluations('prompt_evaluations', ${[
      id,
    ]}) as rows`;
  await read();

  let reading: ReturnType<typeof read> | undefined;
  await sql.begin(async (renaming) => {
    await renaming`alter table prompt_evaluations rename to gone`;
    reading = read();
    reading.catch(() => {});
    await poll(
      () => sql`select from pg_locks where not granted`,
      (waiting) => waiting.length > 0,
    );
  });
  const [{ rows }] = await reading!;
  assertEquals(rows.length, 1);
});
