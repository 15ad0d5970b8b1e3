import { deepEqual } from "node:assert/strict";
import { findTable, splitRow } from "./table.ts";

Deno.test("splitRow() reads quoted cells with delimiters, breaks and quotes", () =>
  deepEqual(splitRow('a,"b, ""c""\nd",,"",e f\r', ","), [
    "a",
    'b, "c"\nd',
    "",
    "",
    "e f",
  ]));

Deno.test("splitRow() takes a quote that is not closed to the end", () =>
  deepEqual(splitRow('"a,b', ","), ["a,b"]));

Deno.test("findTable() finds the names and the delimiter", () => {
  deepEqual(findTable('"id",Created At\n1,2\n'), {
    columns: ["id", "Created At"],
    delimiter: ",",
  });
  deepEqual(findTable("id;text\n1;a, b"), {
    columns: ["id", "text"],
    delimiter: ";",
  });
});

Deno.test("findTable() does not take prose for a table", () => {
  for (
    const text of [
      "Hello, world!\nHow are you, today?",
      "a,a\n1,2",
      "one, two\nthree",
      "one",
      "",
      '{"a": 1,\n"b": 2',
    ]
  ) deepEqual(findTable(text), undefined, text);
});
