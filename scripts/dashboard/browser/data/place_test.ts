import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { matchPath, readPlace, toHash } from "./place.ts";

const word = fc.string({ unit: "binary", minLength: 1 })
  .filter((text) => text.isWellFormed());

Deno.test("readPlace() reads what toHash() wrote, whatever names hold", () => {
  fc.assert(fc.property(
    fc.array(word),
    fc.dictionary(word.filter((text) => text !== "__proto__"), word),
    (path, query) => {
      const read = readPlace(toHash({ path, query: { ...query } }));
      assertEquals(read, { path, query: { ...query } });
    },
  ));
});

Deno.test("readPlace() takes what people type", () => {
  assertEquals(readPlace(""), { path: [], query: {} });
  assertEquals(readPlace("#runs/100%"), { path: ["runs", "100%"], query: {} });
});

Deno.test("matchPath() names the values of a pattern", () => {
  assertEquals(matchPath("runs/:run/answers", ["runs", "7", "answers"]), {
    run: "7",
  });
  assertEquals(matchPath("runs/:run", ["runs"]), undefined);
  assertEquals(matchPath("runs/:run", ["errors", "7"]), undefined);
});
