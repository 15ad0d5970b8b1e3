import { assertEquals } from "@std/assert";
import { startProjectDatabase } from "../../../scripts/test/test_database.ts";
import vectors from "../json_schema_vectors.json" with { type: "json" };

// Not a pgTAP test, because the vectors are those of malformedPlaces() in TypeScript as well.

Deno.test("json_schema_problems() of SQL finds what the vectors say", async () => {
  await using project = await startProjectDatabase();
  const { sql } = project;
  const rows = await sql`
    select vector ->> 'why' as why,
      array(select pipeline.json_schema_problems(vector -> 'schema')) as problems
    from jsonb_array_elements(${sql.json(vectors)}) as vector
  `;
  assertEquals(
    rows.map(({ why, problems }) => [why, problems.sort()]),
    vectors.map(({ why, problems }) => [why, [...problems].sort()]),
  );
});
