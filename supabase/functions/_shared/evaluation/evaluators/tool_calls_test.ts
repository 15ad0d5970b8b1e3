import { assertEquals, assertMatch } from "@std/assert";
import { evaluatorSchema } from "../evaluator_schema.ts";
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
