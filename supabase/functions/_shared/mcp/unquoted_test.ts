import { assertEquals } from "@std/assert";
import * as z from "zod";
import { unquoted } from "./unquoted.ts";

const schema = z.strictObject({
  id: z.int().optional(),
  wait: z.union([z.boolean(), z.number()]).optional(),
  config: z.strictObject({ most: z.int(), name: z.string() }).optional(),
  evaluators: z.array(z.object({ type: z.string() })).optional(),
  prompts: z.array(z.union([z.string().min(3), z.object({ text: z.string() })]))
    .optional(),
});

for (
  const [about, given, expected] of [
    ["a number", { id: "5812" }, { id: 5812 }],
    ["one of several types", { wait: "true" }, { wait: true }],
    [
      "an object, and what is in it",
      { config: '{"most": "7", "name": "7"}' },
      { config: { most: 7, name: "7" } },
    ],
    [
      "a list",
      { evaluators: '[{"type": "regex"}]' },
      { evaluators: [{ type: "regex" }] },
    ],
    [
      "nothing where texts are taken",
      { prompts: ["123", '{"a": 1}'] },
      { prompts: ["123", '{"a": 1}'] },
    ],
    [
      "nothing that is no JSON, of another type or unknown",
      { id: "five", wait: '"soon"', colour: "7" },
      { id: "five", wait: '"soon"', colour: "7" },
    ],
    ["nothing else", ["5"], ["5"]],
  ] as const
) {
  Deno.test(`unquoted() reads from text ${about}`, () => {
    assertEquals<unknown>(unquoted(schema, given), expected);
  });
}

Deno.test("unquoted() looks at a thousand texts together", () => {
  let looks = 0;
  const numbers = z.preprocess((value) => {
    looks++;
    return value;
  }, z.array(z.int()));
  const given = Array.from({ length: 1_000 }, (_, n) => n);
  assertEquals(unquoted(numbers, given.map(String)), given);
  assertEquals(looks, 2);
});
