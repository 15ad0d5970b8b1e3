import { assertEquals, assertThrows } from "@std/assert";
import { toCsvLine } from "../to_csv_line.ts";
import { readSheet, toSheetHeader, toSheetRow } from "./label_sheet.ts";

const passes = {
  kind: "pass",
  categories: null,
  lowest: null,
  highest: null,
} as const;

Deno.test("readSheet() reads what toSheetRow() wrote and somebody filled in", () => {
  const row = toSheetRow({
    id: 7,
    position: 1,
    prompt: {
      system: "Be brief.",
      turns: [{ role: "user", content: "Hello" }],
      text: '=HYPERLINK("http://x")',
    },
    reference: null,
    responses: [{ response: 'Yes, "so"\nit is', tool_calls: null }],
    label: null,
  });
  const header = toSheetHeader(passes);
  assertEquals(header.at(-3), "label (pass or fail)");
  row[5] = "pass";
  row[6] = "=fine";
  const text = `\uFEFF${toCsvLine(header)}\r\n${toCsvLine(row)}\r\n`;
  assertEquals(text.includes("'=HYPERLINK"), true);
  assertEquals(readSheet(text, passes), {
    labels: [{ row: 2, item_id: 7, passed: true, remark: "=fine" }],
    problems: [],
    empty: 0,
  });
});

Deno.test("readSheet() says which row and column is wrong, and loses no other", () => {
  const text = `item;label (pass or fail);remark;corrected response
1;PASS;;
2;maybe;;
3;;unsure;
4;;;
;fail;;
1;fail;;
6;FALSE;;better
;;;
`;
  assertEquals(readSheet(text, passes), {
    labels: [
      { row: 2, item_id: 1, passed: true },
      { row: 8, item_id: 6, passed: false, corrected_response: "better" },
    ],
    problems: [
      {
        row: 3,
        column: "label",
        problem: '"maybe" is not pass or fail. Write that',
      },
      {
        row: 4,
        column: "label",
        problem: "it is empty. Write pass or fail",
      },
      {
        row: 6,
        column: "item",
        problem: '"" is no item. Leave the column as it was',
      },
      {
        row: 7,
        column: "item",
        problem: "item 1 stands in row 2 already. Delete one of them",
      },
    ],
    empty: 1,
  });
});

Deno.test("readSheet() reads grades, categories and pairs as the queue asks for them", () => {
  const read = (label: string, queue: Parameters<typeof readSheet>[1]) =>
    readSheet(`item,label\n1,${label}`, queue).labels.map((
      { row: _, item_id: __, ...answer },
    ) => answer);
  const grades = { ...passes, kind: "score", lowest: 1, highest: 5 } as const;
  const kinds = {
    ...passes,
    kind: "category",
    categories: ["Right", "wrong"],
  } as const;
  assertEquals(read('"3,5"', grades), [{ score: 3.5 }]);
  assertEquals(read("6", grades), []);
  assertEquals(read("x", grades), []);
  assertEquals(read("RIGHT", { ...kinds, categories: ["Right", "wrong"] }), [
    { category: "Right" },
  ]);
  assertEquals(read("Tie", { ...passes, kind: "pair" }), [{ category: "tie" }]);
  assertEquals(read("left", { ...passes, kind: "pair" }), []);
});

Deno.test("readSheet() says what makes a whole file unreadable", () => {
  assertThrows(() => readSheet("id,label\n", passes), SyntaxError, "item");
  assertThrows(
    () => readSheet('item,label\n1,"pass\n', passes),
    SyntaxError,
    "line",
  );
});
