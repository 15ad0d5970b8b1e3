import { assertEquals } from "@std/assert";
import { drawTable } from "./draw_table.ts";
import { toVisible, toVisibleJson } from "./visible_text.ts";

/** A title, a cleared screen, a copy to the clipboard, a C1 introducer, text turned round. */
const HOSTILE =
  "\x1b]0;owned\x07\x1b[2J\x1b]52;c;ZXZpbA==\x1b\\\x9b31m\u202egpj.exe\u2066";

Deno.test("toVisible() shows what a terminal would obey", () => {
  assertEquals(
    toVisible(HOSTILE),
    "␛]0;owned␇␛[2J␛]52;c;ZXZpbA==␛\\<U+009B>31m<U+202E>gpj.exe<U+2066>",
  );
  assertEquals(toVisible("två\trader\r\n👩‍👩‍👧 שלום"), "två\trader\n👩‍👩‍👧 שלום");
});

Deno.test("toVisibleJson() keeps every character, as escapes", () => {
  const text = toVisibleJson({ name: HOSTILE });
  assertEquals(toVisible(text), text);
  assertEquals(JSON.parse(text), { name: HOSTILE });
});

Deno.test("drawTable() shows what a terminal would obey, in names too", () => {
  const table = drawTable([{ name: HOSTILE }], 200);
  assertEquals(toVisible(table), table);
});
