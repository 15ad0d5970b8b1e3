import { assertEquals } from "@std/assert";
import { EVALUATORS } from "./evaluators.ts";

const rules = new URL(
  "../../../schemas/rules/evaluators.sql",
  import.meta.url,
);

Deno.test("EVALUATORS and their fields are those that check_evaluators() lets into a run", async () => {
  const sql = await Deno.readTextFile(rules);
  const [, known] = sql.match(
    /function pipeline\.check_evaluators[^]*?known constant jsonb := '([^']*)'/,
  )!;
  assertEquals(
    JSON.parse(known),
    Object.fromEntries(EVALUATORS.map(({ schema }) => {
      const { type, name: _name, ...fields } = schema.shape;
      return [type.value, Object.keys(fields)];
    })),
  );
});
