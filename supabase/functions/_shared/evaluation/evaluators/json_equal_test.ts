import { assertEquals, assertMatch } from "@std/assert";
import { evaluate } from "../testing/evaluate.ts";

const expected = { city: "Paris", people: 2 };
const config = {
  type: "json-equal",
  reference: { from: "metadata", path: "expected" },
};

Deno.test("json-equal takes JSON for the same, whatever its layout", async () => {
  const response = '{ "people": 2.0,\n"city": "Paris" }';
  assertEquals(await evaluate(config, { response, metadata: { expected } }), {
    evaluator: "json-equal",
    score: 1,
    passed: true,
  });
});

Deno.test("json-equal reads a reference that is text, and says where the response differs", async () => {
  const { score, passed, explanation } = await evaluate(
    { type: "json-equal", threshold: 0.5 },
    { response: '{"city": "Paris"}', reference: JSON.stringify(expected) },
  );
  assertEquals([score, passed, explanation], [0.5, true, "differs at /people"]);
});

Deno.test("json-equal finds the value anywhere when that will do", async () => {
  const response = `Not {"city": "Rome"} but ${JSON.stringify(expected)}.`;
  const more = { ...config, where: "anywhere" };
  assertEquals(
    (await evaluate(more, { response, metadata: { expected } })).passed,
    true,
  );
  const { passed, explanation } = await evaluate(config, {
    response,
    metadata: { expected },
  });
  assertEquals(passed, false);
  assertMatch(explanation!, /^not JSON/);
});

Deno.test("json-equal gives an error when the reference is no JSON", async () => {
  const { error } = await evaluate("json-equal", { reference: "Paris" });
  assertMatch(error!, /^Cannot score: the reference is not JSON/);
});

Deno.test("json-equal ends with an error for values that would take too long", async () => {
  const response = JSON.stringify(Array.from({ length: 50_000 }, () => 1));
  const { error } = await evaluate("json-equal", {
    response,
    reference: response,
  });
  assertMatch(error!, /more than 20000 parts/);
});
