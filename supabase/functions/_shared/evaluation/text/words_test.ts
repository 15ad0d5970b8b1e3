import { assertEquals } from "@std/assert";
import { toWords } from "./words.ts";

Deno.test("toWords() gives runs of letters, marks and digits", () => {
  assertEquals(toWords("Hello, wörld – e\u0301t 42 don't!"), [
    "Hello",
    "wörld",
    "e\u0301t",
    "42",
    "don",
    "t",
  ]);
});

Deno.test("toWords() takes every letter of an unspaced script for a word", () => {
  assertEquals(toWords("漢字abcカナที่"), ["漢", "字", "abc", "カ", "ナ", "ที่"]);
});

Deno.test("toWords() finds no word in signs", () => {
  assertEquals(toWords(" —…👍\r\n"), []);
});
