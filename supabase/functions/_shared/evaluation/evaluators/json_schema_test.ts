import { assert, assertEquals, assertMatch } from "@std/assert";
import { evaluatorSchema } from "../evaluator_schema.ts";
import { evaluate, problemsOf } from "../testing/evaluate.ts";

const schema = {
  type: "object",
  properties: {
    city: { type: "string", pattern: "^[A-Z]" },
    people: { type: "integer", minimum: 0 },
  },
  required: ["city"],
  additionalProperties: false,
};
const config = { type: "json-schema", schema };

Deno.test("json-schema passes JSON that satisfies the schema", async () => {
  assertEquals(
    await evaluate(config, { response: '{"city": "Paris", "people": 2}' }),
    { evaluator: "json-schema", score: 1, passed: true },
  );
});

Deno.test("json-schema lists every problem once, with its place", async () => {
  const score = await evaluate(config, {
    response: '{"city": "paris", "people": 1.5, "x": 1}',
  });
  assertEquals(score, {
    evaluator: "json-schema",
    score: 0,
    passed: false,
    explanation: '#/city: String does not match pattern "^[A-Z]".\n' +
      '#/people: Instance type "number" is invalid. Expected "integer".\n' +
      "#/x: Not allowed here.",
  });
});

Deno.test("json-schema fails what is not JSON", async () => {
  const score = await evaluate(config, { response: "Paris" });
  assertEquals(score.passed, false);
  assertMatch(score.explanation!, /^not JSON/);
});

Deno.test("json-schema follows $ref within the schema", async () => {
  const schema = {
    prefixItems: [{ $ref: "#/$defs/name" }],
    $defs: { name: { type: "string", minLength: 2 } },
  };
  const config = { type: "json-schema", schema };
  assertEquals((await evaluate(config, { response: '["ab"]' })).passed, true);
  assertEquals((await evaluate(config, { response: '["a"]' })).passed, false);
});

Deno.test("json-schema reads the draft from $schema", async () => {
  const schema = {
    $schema: "http://json-schema.org/draft-04/schema#",
    minimum: 0,
    exclusiveMinimum: true,
  };
  const config = { type: "json-schema", schema };
  assertEquals((await evaluate(config, { response: "1" })).passed, true);
  assertEquals((await evaluate(config, { response: "0" })).passed, false);
});

Deno.test("json-schema runs patterns in bounded time", async () => {
  const config = {
    type: "json-schema",
    schema: { type: "string", pattern: "^(a+)+$" },
  };
  const response = JSON.stringify("a".repeat(50_000) + "!");
  assertEquals((await evaluate(config, { response })).passed, false);
});

Deno.test("json-schema gives an error for a response above 100,000 characters", async () => {
  const score = await evaluate(config, { response: "1".repeat(100_001) });
  assertMatch(score.error!, /100001 characters, more than 100000/);
});

Deno.test("json-schema gives an error when the schema refers to itself for ever", async () => {
  const endless = { type: "json-schema", schema: { $ref: "#" } };
  assertMatch(
    (await evaluate(endless, { response: "1" })).error!,
    /^Cannot score: /,
  );
});

Deno.test("json-schema says that a list has an item twice, at once", async () => {
  const schema = {
    allOf: Array.from({ length: 50 }, () => ({ uniqueItems: true })),
  };
  const config = { type: "json-schema", schema };
  const items = Array.from({ length: 8_000 }, (_, id) => ({ id }));
  const before = performance.now();
  assertEquals(
    (await evaluate(config, { response: JSON.stringify(items) })).passed,
    true,
  );
  const score = await evaluate(config, {
    response: JSON.stringify([...items.slice(1), items[7_999]]),
  });
  assertMatch(score.explanation!, /^#: Has an item twice\./);
  assert(performance.now() - before < 10_000);
});

Deno.test("json-schema ends a schema whose $ref doubles at each level", async () => {
  const levels = Array.from({ length: 60 }, (_, level) => {
    const next = { $ref: `#/$defs/d${level + 1}` };
    return [`d${level}`, { allOf: [next, next] }];
  });
  const schema = {
    $ref: "#/$defs/d0",
    $defs: { ...Object.fromEntries(levels), d60: {} },
  };
  const before = performance.now();
  const score = await evaluate({ type: "json-schema", schema }, {
    response: "1",
  });
  assertMatch(
    score.error!,
    /^Cannot score: the schema takes more than 250000 /,
  );
  assert(performance.now() - before < 10_000);
});

Deno.test("json-schema has steps for a large answer", async () => {
  const schema = {
    type: "array",
    items: {
      type: "object",
      required: ["id", "name"],
      properties: { id: { type: "integer" }, name: { type: "string" } },
    },
  };
  const items = Array.from({ length: 3_000 }, (_, id) => ({ id, name: "n" }));
  assertEquals(
    (await evaluate({ type: "json-schema", schema }, {
      response: JSON.stringify(items),
    })).passed,
    true,
  );
});

Deno.test("json-schema refuses a schema that cannot be used", () => {
  const schema = {
    properties: { a: { type: "strin" }, b: { $ref: "#/$defs/nowhere" } },
  };
  assertEquals(
    problemsOf(evaluatorSchema, { type: "json-schema", schema }),
    'schema: has the unknown type "strin"\n' +
      "schema: has a $ref that leads nowhere: #/$defs/nowhere; put its target into $defs",
  );
});

Deno.test("json-schema takes true and false for schemas", async () => {
  const passes = async (schema: boolean) =>
    (await evaluate({ type: "json-schema", schema }, { response: "1" })).passed;
  assertEquals([await passes(true), await passes(false)], [true, false]);
});

Deno.test("json-schema asks of one of several values that it satisfies the schema", async () => {
  const config = {
    type: "json-schema",
    where: "anywhere",
    schema: { required: ["city"] },
  };
  const response = 'Not {"a": 1} but {"city": "Paris"}, see {"b": 2}.';
  assertEquals((await evaluate(config, { response })).passed, true);
  const { explanation } = await evaluate(config, { response: '{"a": 1}' });
  assertMatch(explanation!, /city/);
});
