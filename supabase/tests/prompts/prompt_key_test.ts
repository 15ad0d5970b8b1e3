import { assertEquals } from "@std/assert";
import { startProjectDatabase } from "../../../scripts/test/test_database.ts";
import vectors from "../prompt_key_vectors.json" with { type: "json" };

// Not a pgTAP test, because the vectors are those of promptKey() in TypeScript as well.

Deno.test("prompt_key() of SQL gives the keys of the vectors", async () => {
  await using project = await startProjectDatabase();
  const { sql } = project;
  const keys = await sql`
    select vector ->> 'why' as why, pipeline.prompt_key(
      vector ->> 'text', vector -> 'messages', vector -> 'metadata'
    ) as key
    from jsonb_array_elements(${sql.json(vectors)}) as vector
  `;
  assertEquals([...keys], vectors.map(({ why, key }) => ({ why, key })));
});
