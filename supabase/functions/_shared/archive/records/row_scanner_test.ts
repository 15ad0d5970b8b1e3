import { assertEquals } from "@std/assert";
import { collect } from "../testing/collect.ts";

const table = `prompt,completion,created_at
one,answer,2024-05-01T10:00:00Z
"two, with ""quotes""
and a line","other",

three,,2024-05-01T12:00:00Z
`;

async function expectTexts(
  archive: string | Uint8Array,
  texts: string[],
  codes: string[] = [],
): Promise<void> {
  const read = await collect(archive);
  assertEquals(read.texts, texts);
  assertEquals(read.errors.map(({ code }) => code), codes);
}

const TEXTS = ["one", 'two, with "quotes"\nand a line', "three"];

Deno.test("RowScanner reads a record per row", async () => {
  const { texts, prompts, end } = await collect(table);
  assertEquals(texts, TEXTS);
  assertEquals(end.format, "text_pairs");
  assertEquals(prompts.map(({ source }) => source.time), [
    "2024-05-01T10:00:00.000Z",
    undefined,
    "2024-05-01T12:00:00.000Z",
  ]);
});

Deno.test("RowScanner gives the same however the bytes are cut", async () => {
  for (let chunkBytes = 1; chunkBytes < 40; chunkBytes++) {
    assertEquals((await collect(table, { chunkBytes })).texts, TEXTS);
  }
});

Deno.test("RowScanner takes quotes inside of a cell for text", async () => {
  const rows = 'prompt,completion\nUse 5" pipes,a\n"say ""hi""",pip x["y"],\n';
  for (const chunkBytes of [1, 3, 1000]) {
    const { texts, prompts, errors } = await collect(
      rows.replace("completion", "completion,").replace("pipes,a", "pipes,a,"),
      { chunkBytes },
    );
    assertEquals(errors, []);
    assertEquals(texts, ['Use 5" pipes', 'say "hi"']);
    assertEquals(prompts[1].reference, 'pip x["y"]');
  }
});

Deno.test("RowScanner reads tabs, semicolons, CRLF, a byte order mark and UTF-16", async () => {
  await expectTexts("question\tanswer\r\none\ta\r\n", ["one"]);
  await expectTexts("\ufeffquestion;answer\r\none, two;a", ["one, two"]);
  // Excel's line of its own, also behind a byte order mark.
  await expectTexts("\ufeffsep=;\r\nquestion;answer\r\none;a\r\n", ["one"]);
  const text = "\ufeffquestion;answer\none;a";
  const units = Uint16Array.from(text, (unit) => unit.charCodeAt(0));
  await expectTexts(new Uint8Array(units.buffer), ["one"]);
});

Deno.test("RowScanner reads JSON in cells as what it is", () =>
  expectTexts(
    `id,messages\n1,"[{""role"":""user"",""content"":""one""}]"\n2,[not json`,
    ["one"],
    ["unknown_shape"],
  ));

Deno.test("RowScanner reads on behind a row of too many cells and an open quote", () =>
  expectTexts(
    'prompt,completion\none,a\nb,c,d\n"open,e\ntwo,f\n',
    ["one", "two"],
    ["unreadable_record", "unreadable_record"],
  ));

Deno.test("RowScanner passes over a row that is too large", async () => {
  const { texts, errors } = await collect(
    `prompt,completion\none,a\n${"x".repeat(500)},b\ntwo,c\n`,
    { maxConversationBytes: 200 },
  );
  assertEquals(texts, ["one", "two"]);
  assertEquals(errors.map(({ code }) => code), ["too_large"]);
});

Deno.test("RowScanner reports bytes that are not UTF-8, and uses the row", () =>
  expectTexts(
    Uint8Array.from(
      "prompt,completion\ncaf\u00e9,a\n",
      (letter) => letter.charCodeAt(0),
    ),
    ["caf\ufffd"],
    ["invalid_utf8"],
  ));

Deno.test("RowScanner leaves text that is JSON by chance as it is", async () => {
  await expectTexts('role,content\nuser,"{""a"": 1}"\nuser,"[1, 2]"\n', [
    '{"a": 1}',
    "[1, 2]",
  ]);
  await expectTexts('input,output\n"[1, 2]",3\n', ["[1, 2]"]);
});
