import { assertEquals } from "@std/assert";
import { EVALUATORS } from "./evaluators.ts";

const rules = new URL(
  "../../../schemas/rules/known_evaluators.sql",
  import.meta.url,
);

Deno.test("EVALUATORS and their fields are those that known_evaluators() lets into a run", async () => {
  const sql = await Deno.readTextFile(rules);
  const [, known] = sql.match(/select '({[^]*?})'::jsonb/)!;
  assertEquals(
    Object.entries<{ fields: string[] }>(JSON.parse(known))
      .map(([type, { fields }]) => [type, fields]),
    EVALUATORS.map(({ schema }) => {
      const { type, ...fields } = schema.shape;
      return [type.value, Object.keys(fields)];
    }),
  );
});
