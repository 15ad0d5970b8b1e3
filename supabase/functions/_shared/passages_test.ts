import { assertEquals } from "@std/assert";
import { toPassages } from "./passages.ts";

Deno.test("toPassages() takes a text, a list of texts and a list as JSON in a cell", () => {
  assertEquals(toPassages("Paris is in France."), ["Paris is in France."]);
  assertEquals(toPassages(["a", " ", "b"]), ["a", "b"]);
  assertEquals(toPassages('["a", "b"]'), ["a", "b"]);
  assertEquals(toPassages("[1] Paris is in France."), [
    "[1] Paris is in France.",
  ]);
});

Deno.test("toPassages() takes the words of documents, whatever a framework calls them", () => {
  assertEquals(
    toPassages([
      { page_content: "a", metadata: { source: "x.pdf" } },
      { text: "b", score: 0.8 },
      { content: "c" },
    ]),
    ["a", "b", "c"],
  );
  assertEquals(toPassages({ text: "a" }), ["a"]);
});

Deno.test("toPassages() gives nothing where no passage is", () => {
  for (const value of [undefined, null, "", " \n", [], [null, 1], {}, 5]) {
    assertEquals(toPassages(value), undefined);
  }
});
