import { assertEquals } from "@std/assert";
import { toRefusal } from "./refusal.ts";

const rules = await Promise.all(
  [
    "rules/runs.sql",
    "rules/sources.sql",
    "rules/sweeps.sql",
    "rules/options.sql",
    "rules/evaluators.sql",
    "rules/templates.sql",
    "rules/caps.sql",
    "core/find_tables.sql",
    "rules/watches.sql",
  ].map((name) =>
    Deno.readTextFile(
      new URL(
        `../../../../supabase/schemas/${name}`,
        import.meta.url,
      ),
    )
  ),
);

/** What a project says, the field that is meant, and words of the rule that says so. */
const SAID: [string, string, string][] = [
  [
    'Cannot start run: there is no endpoint "template". Add it first',
    "variants",
    'there is no endpoint "%s"',
  ],
  [
    'Cannot start run: endpoint "a" is retired. Choose another',
    "variants",
    'endpoint "%s" is retired',
  ],
  [
    "Cannot start sweep: variant 2 has no endpoint. Write its",
    "variants",
    "variant %s has no endpoint",
  ],
  [
    'Cannot start sweep: two variants are named "a". Give each',
    "variants",
    'two variants are named "%s"',
  ],
  [
    'Cannot start sweep: variant "a": there is no endpoint "b"',
    "variants",
    'variant "%s": %s',
  ],
  [
    'Cannot start run: max_cost needs prices, and endpoint "a" has none. update',
    "max_cost",
    "max_cost needs prices, and %s has none",
  ],
  [
    'Cannot start sweep: variant "a": max_cost needs to know how long an answer may be',
    "max_cost",
    "max_cost needs to know how long an answer may be",
  ],
  [
    'Cannot start run: experiment "prompts of max_cost" has results already. Name it "a"',
    "name",
    'experiment "%s" has results already',
  ],
  [
    "Cannot start sweep: it has no name that can be used. Write a name",
    "name",
    "it has no name that can be used",
  ],
  [
    'Cannot start run: there is no evaluator "rouge". The evaluators are',
    "evaluators",
    "there is no evaluator %s",
  ],
  [
    "Cannot start run: source has no bucket. Write",
    "source",
    "source has no bucket",
  ],
  [
    'Cannot start run: there is no set "a". Choose one of',
    "source",
    'there is no set "%s"%s',
  ],
  [
    "Cannot start run: run 7 is still running, so its prompts are not complete. Wait",
    "source",
    "run %s is still %s, so its prompts are not complete",
  ],
  [
    "Cannot start run: there is no run 7 to take prompts from. Write",
    "source",
    "there is no run %s to take prompts from",
  ],
  [
    'Cannot read table "public.evaluators": it has no column "max_cost", named as role. Its columns are',
    "source",
    'it has no column "%s", named as %s',
  ],
  [
    'Cannot watch: there is an experiment "evaluators". Give the watch',
    "name",
    'there is an experiment "%s"',
  ],
  [
    "Cannot watch: it has no evaluators. Write evaluators",
    "evaluators",
    "it has no evaluators",
  ],
  [
    'Cannot watch: a value is approved for "a", which is none of its evaluators. Name',
    "approved",
    'a value is approved for "%s", which is none of its evaluators',
  ],
  [
    'Cannot start run: option "sample" is -1. Write a fraction',
    "options",
    'option "sample" is %s',
  ],
  [
    "Cannot start run: the template has {{a b}}, which names no variable. Write",
    "template",
    "the template has {{%s}}, which names no variable",
  ],
  [
    "Cannot start run: a limit is zero or negative, or out of range. max_prompts",
    "limits",
    "a limit is zero or negative, or out of range",
  ],
];

for (const [message, field, rule] of SAID) {
  Deno.test(`toRefusal() shows beside ${field}: ${message.slice(0, 60)}`, () => {
    assertEquals(toRefusal(new Error(message)).field, field);
    assertEquals(rules.some((text) => text.includes(rule)), true, rule);
  });
}

Deno.test("toRefusal() says what it cannot place, too", () => {
  assertEquals(toRefusal(new Error("canceling statement due to timeout")), {
    field: undefined,
    words: "canceling statement due to timeout",
  });
});
