import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { isMadeObjectName, toObjectName } from "./object_name.ts";

/** What Storage accepts, in the words of its earlier versions. */
const isObjectName = (name: string) =>
  /^(\w|\/|!|-|\.|\*|'|\(|\)| |&|\$|@|=|;|:|\+|,|\?)*$/.test(name);

const REFUSED = [
  "Gespräche März.json",
  "对话.json",
  "emoji🙂.json",
  "100%.json",
  "a#b.json",
  "[x].json",
  "tilde~.json",
  "äöü/in.json",
  'say "hi".json',
  "a\tb",
];

Deno.test("toObjectName() leaves names that Storage accepts", () => {
  for (
    const name of ["it's (1).json", "q?.json", "x+y&z.json", "2026/ok.jsonl"]
  ) {
    assert(isObjectName(name), name);
    assertEquals(toObjectName(name), name);
    assert(!isMadeObjectName(name));
  }
});

Deno.test("toObjectName() gives refused names an accepted one", () => {
  for (const name of REFUSED) {
    assert(!isObjectName(name), name);
    const made = toObjectName(name);
    assert(isObjectName(made), made);
    assertEquals(toObjectName(name), made);
    assert(isMadeObjectName(made), made);
  }
  assertEquals(
    toObjectName("2026/Gespräche März.json"),
    "2026/Gesprache Marz=78be9698.json",
  );
});

Deno.test("toObjectName() keeps a folder together and names apart", () => {
  const [first, second] = ["äöü/a.json", "äöü/b.json"].map(toObjectName);
  assertEquals(first.split("/")[0], second.split("/")[0]);
  assertNotEquals(toObjectName("é.json"), toObjectName("è.json"));
  assertNotEquals(toObjectName("对话.json"), toObjectName("對話.json"));
});

Deno.test("toObjectName() makes names that every file system takes", () => {
  fc.assert(fc.property(
    fc.string({ unit: "binary", minLength: 1, maxLength: 255 })
      .filter((name) => !name.includes("/")),
    (name) => {
      const made = toObjectName(name);
      assert(isObjectName(made));
      assert(made === name || made.length <= 120);
    },
  ));
});
