import { assertEquals } from "@std/assert";
import { EVALUATORS } from "./evaluators.ts";

const rules = new URL(
  "../../../schemas/rules/runs.sql",
  import.meta.url,
);

Deno.test("EVALUATORS are those that check_evaluators() lets into a run", async () => {
  const sql = await Deno.readTextFile(rules);
  const [, list] = sql.match(
    /function pipeline\.check_evaluators[^]*?known constant text\[\] := array\[([^\]]*)\]/,
  )!;
  assertEquals(
    [...list.matchAll(/'([^']+)'/g)].map(([, name]) => name),
    EVALUATORS.map(({ schema }) => schema.shape.type.value),
  );
});
