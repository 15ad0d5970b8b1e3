import { assertEquals } from "@std/assert";
import { writeRepeatStatement, writeRunStatement } from "./run_statement.ts";

Deno.test("writeRunStatement() writes a statement that a user could have written", () => {
  assertEquals(
    writeRunStatement({ bucket: "archives", endpoint: "simulator" }),
    `insert into pipeline_runs (source, endpoint, options)
values (
  '{"type": "supabase", "bucket": "archives"}',
  'simulator', '{"context": "conversation", "dedupe": true, "redact": true}'
) returning id`,
  );
});

Deno.test("writeRunStatement() limits the prompts when asked to", () => {
  assertEquals(
    writeRunStatement({ bucket: "a", endpoint: "b", maxPrompts: 12 }),
    `insert into pipeline_runs (source, endpoint, options, max_prompts)
values (
  '{"type": "supabase", "bucket": "a"}',
  'b', '{"context": "conversation", "dedupe": true, "redact": true}',
  12
) returning id`,
  );
});

Deno.test("writeRepeatStatement() names the earlier run and the model", () => {
  assertEquals(
    writeRepeatStatement("1", "simulator", "o'model"),
    `insert into pipeline_runs (source, endpoint, model)
values ('{"type": "run", "runId": 1}', 'simulator', 'o''model') returning id`,
  );
});
