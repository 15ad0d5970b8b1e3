import { assertEquals } from "@std/assert";
import type * as z from "zod";
import { startProjectDatabase } from "../../../scripts/test/test_database.ts";
import { EVALUATORS } from "../../functions/_shared/evaluation/evaluators.ts";

// Not a pgTAP test, because workers read configurations by the same schemas in TypeScript.

/** Values of every shape, good and bad ones for each field. */
// deno-fmt-ignore
const VALUES: unknown[] = [
  null, true, -1, 0, 0.5, 1, 1.5, 2, 80, 5000, "", " ", "a", "Not kebab", "has-greeting", "x".repeat(101), "majority",
  [], [""], ["a"], ["a", "b"], [1], [{ name: "f" }], [{ name: "f", arguments: {} }], [{ endpoint: "a" }, { endpoint: "b" }],
  [{ endpoint: "a" }, {}], {}, { a: 1 }, { a: 2 }, { " ": 1 }, { from: "archive" }, { from: "archives" },
  { from: "metadata" }, { from: "metadata", path: "a" }, { value: "" }, { value: "a" }, { value: ["a"] }, { value: [] },
  { min: 1, max: 5 }, { min: 1 }, { experiment: "e" }, { experiment: "" },
];

/** What check_evaluators() looks at more closely. */
const HAS_A_RULE = ["schema", "url", "weights"];

Deno.test("value_problem() of SQL refuses what workers could not read", async () => {
  await using project = await startProjectDatabase();
  for (const { schema, example } of EVALUATORS) {
    const { type, ...fields } = schema.shape;
    const given = Object.entries(fields).flatMap(([field, reader]) =>
      HAS_A_RULE.includes(field)
        ? []
        : [...VALUES, (example as Record<string, unknown>)[field]]
          .filter((value) => value !== undefined)
          .map((value) => ({
            field,
            value,
            isGood: (reader as z.ZodType).safeParse(value).success,
          }))
    );
    const rows = await project.sql`
      select coalesce(pipeline.value_problem(
        case jsonb_typeof(given -> 'value') when 'null' then 'null' else given -> 'value' end,
        coalesce(pipeline.known_evaluators() -> ${type.value} -> 'values' -> (given ->> 'field'), '{}'), 'value'
      ) is null, false) as "isGood"
      from jsonb_array_elements(${
      project.sql.json(given as never)
    }) with ordinality as listed (given, place)
      order by place
    `;
    const others = given.filter(({ isGood }, place) =>
      isGood !== rows[place].isGood
    );
    assertEquals(others, [], type.value);
  }
});
