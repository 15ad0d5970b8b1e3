import { assertMatch } from "@std/assert";
import { startProjectDatabase } from "../../../scripts/test/test_database.ts";

Deno.test("of two label queues that are made at once the second sees what the first asks", async () => {
  await using project = await startProjectDatabase(3);
  const { sql } = project;
  await sql`
    insert into prompt_evaluations (experiment_name, prompt_key, prompt, response, success)
    values ('new', 'p', 'prompt', 'response', true)
  `;
  let second: Promise<unknown> | undefined;
  await sql.begin(async (session) => {
    await session`select create_evaluation_label_queue('first', 'new')`;
    let isOver = false;
    second =
      sql`select create_evaluation_label_queue('second', 'new', kind => 'score')`
        .catch((error) => error)
        .finally(() => isOver = true);
    while (!isOver) {
      const waiting = await sql`
        select from pg_stat_activity
        where wait_event_type = 'Lock' and query like '%second%' and pid <> pg_backend_pid()
      `;
      if (waiting.length > 0) break;
    }
  });
  assertMatch(String(await second), /answer another question/);
});
