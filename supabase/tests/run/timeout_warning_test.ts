import { assertEquals } from "@std/assert";
import postgres from "postgres";
import { startProjectDatabase } from "../../../scripts/test/test_database.ts";

// A warning goes to the client, where no pgTAP test sees it.

Deno.test("an endpoint whose calls may outlive their isolate is warned of where it is written", async () => {
  await using project = await startProjectDatabase();
  const heard: string[] = [];
  const sql = postgres(project.url, {
    max: 1,
    onnotice: ({ severity, message }) => heard.push(`${severity}: ${message}`),
  });
  try {
    const write = (name: string, seconds: number) =>
      sql`
        insert into model_endpoints (name, url, timeout_seconds)
        values (${name}, 'https://model.test/v1', ${seconds})
      `;
    await write("before", 300);
    await sql`update pipeline.stages set call_seconds = 85 where slots is null`;
    await write("long", 300);
    await write("short", 85);
    await sql`update model_endpoints set timeout_seconds = 90 where name = 'short'`;
  } finally {
    await sql.end();
  }
  const warning = (name: string, seconds: number) =>
    `WARNING: A call to endpoint "${name}" may take ${seconds} s (timeout_seconds), outlive its isolate and be paid again: 85 s are sure`;
  assertEquals(heard, [warning("long", 300), warning("short", 90)]);
});
