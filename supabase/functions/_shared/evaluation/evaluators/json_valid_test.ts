import { assertEquals, assertMatch } from "@std/assert";
import { evaluate } from "../testing/evaluate.ts";

Deno.test("json-valid passes any JSON value", async () => {
  for (const response of ['{"a": 1}', " [1]\r\n", "3", '"x"', "null"]) {
    assertEquals(
      (await evaluate("json-valid", { response })).passed,
      true,
      response,
    );
  }
});

Deno.test("json-valid fails text that is not JSON and says where", async () => {
  const score = await evaluate("json-valid", { response: '{"a": 1,}' });
  assertEquals(score.score, 0);
  assertMatch(score.explanation!, /^not JSON: .*position 8/);
});

Deno.test("json-valid fails an empty response", async () => {
  assertEquals((await evaluate("json-valid", { response: "" })).passed, false);
});

Deno.test("json-valid takes a code block only when told to, and says so", async () => {
  const response = '```json\n{"a": 1}\n```\n';
  const strict = await evaluate("json-valid", { response });
  assertEquals(strict.passed, false);
  assertMatch(strict.explanation!, /allowCodeFence would accept$/);
  assertEquals(
    await evaluate({ type: "json-valid", allowCodeFence: true }, { response }),
    { evaluator: "json-valid", score: 1, passed: true },
  );
});

Deno.test("json-valid fails JSON with words around it", async () => {
  const response = 'Here it is: {"a": 1}';
  const config = { type: "json-valid", allowCodeFence: true };
  assertEquals((await evaluate(config, { response })).passed, false);
});

Deno.test("json-valid finds an object or a list anywhere when that will do", async () => {
  const config = { type: "json-valid", where: "anywhere" };
  const passes = async (response: string) =>
    (await evaluate(config, { response })).passed;
  assertEquals(await passes('Sure: {"a": [1]}. Anything else?'), true);
  assertEquals(await passes("First\n```json\n[1]\n```\nthen 2"), true);
  assertEquals(await passes("3"), true);
  assertEquals(await passes("about {braces} and 3"), false);
});
