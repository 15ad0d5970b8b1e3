import { assert, assertEquals } from "@std/assert";
import labelled from "../../../../tests/refusal_answers.json" with {
  type: "json",
};
import { findRefusal } from "./find_refusal.ts";

/** How many of the refusals are found, and how many of what is found are refusals. */
function measure(half: string) {
  const rows = labelled.filter((row) => row.half === half);
  const found = rows.filter(({ text }) => findRefusal(text, []) !== undefined);
  const right = found.filter(({ label }) => label === "refusal").length;
  const refusals = rows.filter(({ label }) => label === "refusal").length;
  return { recall: right / refusals, precision: right / found.length };
}

Deno.test("findRefusal() has recall and precision above 0.9, also where its phrases were not written by", () => {
  assert(labelled.length >= 200);
  assertEquals(new Set(labelled.map(({ language }) => language)).size, 6);
  for (const half of ["seen", "unseen"]) {
    const { recall, precision } = measure(half);
    assert(recall > 0.9 && precision > 0.9, `${half}: ${recall}, ${precision}`);
  }
});

Deno.test("findRefusal() sees through Markdown and curly apostrophes", () => {
  assertEquals(
    findRefusal("**I can\u2019t** help with that.", []),
    "i can't help",
  );
});

Deno.test("findRefusal() takes a text that is one quotation for what it says", () => {
  assert(findRefusal('"I can\'t help with that."', []));
  assertEquals(findRefusal('"I can\'t help you," she said.', []), undefined);
});

Deno.test("findRefusal() takes linear time for hostile texts", () => {
  for (const part of ['"', "i can't ", "kann ich ", "„", "- "]) {
    findRefusal(part.repeat(500_000), []);
  }
});
