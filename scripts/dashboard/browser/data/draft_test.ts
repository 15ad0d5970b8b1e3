import { assertEquals, assertThrows } from "@std/assert";
import { asksJudges, readDraft, readVariants, writeVariants } from "./draft.ts";

const archive = { bucket: "chats", prefix: "2026-10/" };

Deno.test("readDraft() of one variant is a run that says nothing but what was written", () => {
  assertEquals(
    readDraft({ ...archive, variants: '[{"endpoint":"a","model":"m"}]' }),
    {
      what: "run",
      row: {
        endpoint: "a",
        model: "m",
        source: { type: "supabase", bucket: "chats", prefix: "2026-10/" },
      },
    },
  );
});

Deno.test("readDraft() of several variants is a sweep with what they share", () => {
  assertEquals(
    readDraft({
      ...archive,
      name: "tone",
      variants:
        '[{"endpoint":"a"},{"endpoint":"b","name":"short","user":"{{prompt}} Be brief."}]',
      system: "You are kind.",
      max_tokens: "200",
      temperature: "0",
      repetitions: "3",
      evaluators: "rouge-l, exact-match",
      max_cost: "5",
      max_concurrency: "10",
      tags: "a, b",
      join: "1",
    }),
    {
      what: "sweep",
      row: {
        name: "tone",
        source: { type: "supabase", bucket: "chats", prefix: "2026-10/" },
        parameters: { maxTokens: 200, temperature: 0 },
        options: { join: true },
        repetitions: 3,
        evaluators: ["rouge-l", "exact-match"],
        tags: ["a", "b"],
        max_concurrency: 10,
        max_cost: 5,
        template: { system: "You are kind." },
        variants: [
          { endpoint: "a" },
          {
            name: "short",
            endpoint: "b",
            template: { user: "{{prompt}} Be brief." },
          },
        ],
      },
    },
  );
});

Deno.test("readDraft() takes evaluators as JSON, one or several", () => {
  const evaluators = (text: string) =>
    readDraft({ evaluators: text }).row.evaluators;
  assertEquals(evaluators('{"type": "length", "max": 9}'), [
    { type: "length", max: 9 },
  ]);
  assertEquals(evaluators('["a", {"type": "b"}]'), ["a", { type: "b" }]);
  assertThrows(() => evaluators("[rouge-l"), Error, "no JSON");
});

Deno.test("readVariants() is one without anything for whatever else an address says", () => {
  for (const variants of [undefined, "[]", "null", "[1]", "[{", '"a"']) {
    assertEquals(readVariants(variants === undefined ? {} : { variants }), [
      {},
    ]);
  }
});

Deno.test("writeVariants() is read as it was written, and nothing is left out of the address", () => {
  const variants = [{ endpoint: "a", model: "" }, {}];
  assertEquals(readVariants({ variants: writeVariants(variants)! }), [
    { endpoint: "a" },
    {},
  ]);
  assertEquals(writeVariants([{ endpoint: "" }]), undefined);
});

Deno.test("asksJudges() finds a judge, or a panel, among the evaluators", () => {
  const asks = (evaluators: string) => asksJudges(readDraft({ evaluators }));
  assertEquals(asks('[{"type": "rubric", "endpoint": "judge"}]'), true);
  assertEquals(asks('{"type": "rubric", "panel": []}'), true);
  assertEquals(asks("exact-match, refusal"), false);
  assertEquals(asks(""), false);
});
