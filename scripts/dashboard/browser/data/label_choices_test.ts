import { assertEquals } from "@std/assert";
import { isSaid, toChoices } from "./label_choices.ts";
import type { OwnLabel } from "./label_queue_answer.ts";

const none = { categories: null, lowest: null, highest: null };
const keysOf = (queue: Partial<Parameters<typeof toChoices>[0]>) =>
  toChoices({ kind: "score", ...none, ...queue })
    .map(({ words, letter }) => [letter, words]);

Deno.test("toChoices() gives each choice a digit as long as there are some", () => {
  assertEquals(keysOf({ kind: "pass" }), [["1", "✓ Pass"], ["2", "✗ Fail"]]);
  assertEquals(keysOf({ kind: "pair" }).length, 3);
  assertEquals(
    keysOf({ kind: "category", categories: [..."abcdefghijk"] }).slice(7),
    [["8", "h"], ["9", "i"], [undefined, "j"], [undefined, "k"]],
  );
  assertEquals(keysOf({ lowest: 0, highest: 2 }), [
    ["0", "0"],
    ["1", "1"],
    ["2", "2"],
  ]);
  // The key 1 is not the grade 10.
  assertEquals(keysOf({ lowest: 1, highest: 10 })[9], [undefined, "10"]);
  assertEquals(keysOf({ lowest: 0, highest: 100 }), []);
  assertEquals(keysOf({ lowest: 0, highest: 1.5 }), []);
});

Deno.test("isSaid() finds what somebody said before", () => {
  const label: OwnLabel = {
    passed: null,
    grade: null,
    category: null,
    choice: null,
    remark: null,
    corrected_response: null,
  };
  const said = (
    queue: Partial<Parameters<typeof toChoices>[0]>,
    change: Partial<OwnLabel>,
  ) =>
    toChoices({ kind: "pass", ...none, ...queue })
      .filter((choice) => isSaid(choice, { ...label, ...change }))
      .map(({ words }) => words);
  assertEquals(said({}, { passed: false }), ["✗ Fail"]);
  assertEquals(said({}, {}), []);
  assertEquals(
    said({ kind: "score", lowest: 1, highest: 5 }, { grade: 4, passed: true }),
    ["4"],
  );
  assertEquals(
    // Stored is how the first experiment fared, shown was another order.
    said({ kind: "pair" }, { choice: "second", category: "win", passed: true }),
    ["Second"],
  );
  assertEquals(
    said({ kind: "category", categories: ["a", "b"] }, { category: "b" }),
    ["b"],
  );
});
