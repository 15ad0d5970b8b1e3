import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { diffWords, type Piece } from "./diff_words.ts";

const join = (pieces: Piece[], without: Piece["kind"]) =>
  pieces.filter(({ kind }) => kind !== without).map(({ text }) => text).join(
    "",
  );

Deno.test("diffWords() gives both texts back", () => {
  fc.assert(fc.property(
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: "grapheme" }),
    (before, after) => {
      const pieces = diffWords(before, after);
      assertEquals(join(pieces, "added"), before);
      assertEquals(join(pieces, "removed"), after);
    },
  ));
});

Deno.test("diffWords() compares whole words, with and without spaces between them", () => {
  assertEquals(diffWords("the red cat", "the blue cat"), [
    { text: "the ", kind: "same" },
    { text: "red", kind: "removed" },
    { text: "blue", kind: "added" },
    { text: " cat", kind: "same" },
  ]);
  assertEquals(
    diffWords("東京は晴れ", "東京は雨").map(({ kind }) => kind),
    ["same", "removed", "added"],
  );
});

Deno.test("diffWords() ends in time where everything differs", () => {
  const text = (seed: number) =>
    Array.from({ length: 40_000 }, (_, i) => `w${(i * seed) % 99_991}`).join(
      " ",
    );
  const begun = performance.now();
  const [before, after] = [text(7), text(13)];
  const pieces = diffWords(before, after);
  assertEquals(join(pieces, "added"), before);
  assertEquals(performance.now() - begun < 10_000, true);
});
