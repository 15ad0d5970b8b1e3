import { assertEquals } from "@std/assert";
import { findTable, splitRow } from "./table.ts";

Deno.test("splitRow() reads quoted cells with delimiters, breaks and quotes", () =>
  assertEquals(splitRow('a,"b, ""c""\nd",,"",e f\r', ","), [
    "a",
    'b, "c"\nd',
    "",
    "",
    "e f",
  ]));

Deno.test("splitRow() takes a quote that is not closed to the end", () =>
  assertEquals(splitRow('"a,b', ","), ["a,b"]));

Deno.test("findTable() finds the names and the delimiter", () => {
  assertEquals(findTable('"id",Created At\n1,2\n'), {
    columns: ["id", "Created At"],
    delimiter: ",",
  });
  assertEquals(findTable("id;text\n1;a, b"), {
    columns: ["id", "text"],
    delimiter: ";",
  });
});

Deno.test("findTable() takes columns without a name, such as the index of pandas", () => {
  assertEquals(findTable(",question,answer\n0,a,b\n")?.columns, [
    "",
    "question",
    "answer",
  ]);
  assertEquals(findTable("question,\na,\n")?.columns, ["question", ""]);
});

Deno.test("findTable() reads one column of prompts", () =>
  assertEquals(findTable("Prompt\nSay hi, twice\n")?.columns, ["Prompt"]));

Deno.test("findTable() does not take prose for a table", () => {
  for (
    const text of [
      "Hello, world!\nHow are you, today?",
      "a,a\n1,2",
      "one, two\nthree",
      "Hello,\nWorld,",
      "one",
      "",
      '{"a": 1,\n"b": 2',
    ]
  ) assertEquals(findTable(text), undefined, text);
});
