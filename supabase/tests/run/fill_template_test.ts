import { assertEquals } from "@std/assert";
import { startProjectDatabase } from "../../../scripts/test/test_database.ts";
import vectors from "../template_vectors.json" with { type: "json" };

// Not a pgTAP test, because the vectors are those of fillTemplate() in TypeScript as well.

Deno.test("fill_template() of SQL fills the vectors", async () => {
  await using project = await startProjectDatabase();
  const { sql } = project;
  const rows = await sql`
    select vector ->> 'why' as why, message.filled, message.missing
    from jsonb_array_elements(${sql.json(vectors)}) as vector
    cross join lateral pipeline.fill_template(
      vector ->> 'template', jsonb_populate_record(null::pipeline.prompts, vector -> 'prompt')
    ) as message
  `;
  assertEquals(
    [...rows],
    vectors.map(({ why, filled = null, missing = null }) => ({
      why,
      filled,
      missing,
    })),
  );
});
