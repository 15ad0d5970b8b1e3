import { assertEquals, assertMatch } from "@std/assert";
import { evaluatorSchema } from "../evaluator_schema.ts";
import { aContext } from "../testing/contexts.ts";
import { evaluate, problemsOf } from "../testing/evaluate.ts";

const weather = (city: string) => ({ name: "weather", arguments: { city } });
const time = { name: "time", arguments: {} };

async function scoreOf(config: object, toolCalls: unknown) {
  const { score } = await evaluate(
    { type: "tool-calls", ...config },
    { toolCalls: toolCalls as never },
  );
  return score;
}

Deno.test("tool-calls gives F1 of the calls by name and arguments", async () => {
  const calls = [weather("Paris"), { name: "time" }];
  assertEquals(await scoreOf({ calls }, [time, weather("Paris")]), 1);
  assertEquals(await scoreOf({ calls }, [time, weather("Rome")]), 0.5);
  assertEquals(await scoreOf({ calls }, [weather("Paris")]), 2 / 3);
  assertEquals(await scoreOf({ calls }, null), 0);
  assertEquals(await scoreOf({ calls: [] }, null), 1);
  assertEquals(await scoreOf({ calls: [] }, [time]), 0);
});

Deno.test("tool-calls asks that each call is met by another one", async () => {
  const calls = [{ name: "weather" }, weather("Paris")];
  assertEquals(
    await scoreOf({ calls }, [weather("Paris"), weather("Rome")]),
    1,
  );
  assertEquals(await scoreOf({ calls }, [weather("Paris")]), 2 / 3);
});

Deno.test("tool-calls heeds the order, and lets other calls be, when asked", async () => {
  const calls = [weather("Paris"), { name: "time" }];
  const made = [time, weather("Paris"), weather("Rome")];
  assertEquals(await scoreOf({ calls, allowOthers: true }, made), 1);
  assertEquals(
    await scoreOf({ calls, allowOthers: true, inOrder: true }, made),
    0.5,
  );
});

Deno.test("tool-calls takes arguments that satisfy a schema", async () => {
  const schema = {
    type: "object",
    required: ["city"],
    properties: { city: { minLength: 3 } },
  };
  const calls = [{ name: "weather", schema }];
  assertEquals(await scoreOf({ calls }, [weather("Paris")]), 1);
  assertEquals(await scoreOf({ calls }, [weather("P")]), 0);
  assertEquals(
    await scoreOf({ calls }, [{ name: "weather", arguments: "no JSON" }]),
    0,
  );
});

Deno.test("tool-calls refuses a malformed schema", () => {
  assertMatch(
    problemsOf(evaluatorSchema, {
      type: "tool-calls",
      calls: [{ name: "a", schema: { required: "a" } }],
    }),
    /^calls\.0\.schema: has "a" as required/,
  );
});

Deno.test("tool-calls ends with an error for calls and schemas that would take too long", async () => {
  const definitions = Object.fromEntries(
    Array.from({ length: 60 }, (_, n) => {
      const next = { $ref: `#/$defs/d${n + 1}` };
      return [`d${n}`, n === 59 ? {} : { allOf: [next, next] }];
    }),
  );
  const schema = { $ref: "#/$defs/d0", $defs: definitions };
  const slow = { type: "tool-calls", calls: [{ name: "time", schema }] };
  const { error } = await evaluate(slow, { toolCalls: [time] });
  assertMatch(error!, /more than 250000 steps/);
  const many = Array.from({ length: 1_000 }, () => time);
  const { error: tooMany } = await evaluate(
    { type: "tool-calls", calls: [{ name: "time" }] },
    { toolCalls: many },
  );
  assertMatch(tooMany!, /1000 calls, more than 200/);
});

Deno.test("tool-calls finds the most calls that are met in order", async () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => ({ name, arguments: {} }));
  assertEquals(
    await scoreOf({ calls: [a, b, c], inOrder: true }, [b, c, a]),
    2 / 3,
  );
  assertEquals(
    await scoreOf({ calls: [a, b], inOrder: true }, [b, a, c]),
    0.4,
  );
});

Deno.test("tool-calls finds the most calls that are met in any order", async () => {
  const oneOf = (...numbers: number[]) => ({
    name: "f",
    schema: { properties: { x: { enum: numbers } } },
  });
  const calls = [oneOf(1, 2), oneOf(2, 3), oneOf(1, 2)];
  const made = [1, 2, 3].map((x) => ({ name: "f", arguments: { x } }));
  assertEquals(await scoreOf({ calls }, made), 1);
});

Deno.test("tool-calls has one budget for an expected call and all that were made", async () => {
  const definitions = Object.fromEntries(
    Array.from({ length: 12 }, (_, n) => {
      const next = { $ref: `#/$defs/d${n + 1}` };
      return [`d${n}`, n === 11 ? {} : { allOf: [next, next] }];
    }),
  );
  const schema = { $ref: "#/$defs/d0", $defs: definitions };
  const config = { calls: [{ name: "time", schema }] };
  assertEquals(await scoreOf(config, [time]), 1);
  const { error } = await evaluate(
    { type: "tool-calls", ...config },
    { toolCalls: Array(200).fill(time) },
  );
  assertMatch(error!, /more than 250000 steps/);
});

Deno.test("tool-calls compares arguments for being equal, however long", async () => {
  const long = (end: string) => weather("a".repeat(20_000) + end);
  assertEquals(await scoreOf({ calls: [long("b")] }, [long("b")]), 1);
  assertEquals(await scoreOf({ calls: [long("b")] }, [long("c")]), 0);
});

Deno.test("tool-calls ends with an error when the calls of a row take too long", async () => {
  let now = 0;
  const { error } = await evaluate(
    { type: "tool-calls", calls: [{ name: "time" }] },
    { toolCalls: Array(10).fill(time) },
    aContext({ now: () => now += 200 }),
  );
  assertMatch(error!, /take more than 1000 ms to compare/);
});
