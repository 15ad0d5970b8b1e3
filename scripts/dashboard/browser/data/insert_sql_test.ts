import { assertEquals } from "@std/assert";
import { toInsert } from "./insert_sql.ts";

Deno.test("toInsert() writes texts, numbers, lists and JSON as Postgres reads them", () => {
  assertEquals(
    toInsert({
      what: "run",
      row: {
        experiment_name: "it's \\ new",
        endpoint: "a",
        source: { type: "prompts", prompts: ["What's 2 + 2?"] },
        max_cost: 0.5,
        tags: ["a", "b's"],
        evaluators: ["rouge-l"],
      },
    }),
    `insert into pipeline_runs (experiment_name, endpoint, source, max_cost, tags, evaluators)
values (
  'it''s \\ new',
  'a',
  '{"type":"prompts","prompts":["What''s 2 + 2?"]}',
  0.5,
  array['a', 'b''s'],
  '["rouge-l"]'
);`,
  );
});
