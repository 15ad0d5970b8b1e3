import { assertEquals } from "@std/assert";
import {
  describeColumn,
  readColumns,
  readTableSource,
  writeColumn,
} from "./table_source.ts";

Deno.test("readTableSource() says of a table what an address says, and nothing else", () => {
  assertEquals(readTableSource({ table: "public.messages" }), {
    type: "table",
    table: "public.messages",
  });
  assertEquals(
    readTableSource({
      table: "support.notes",
      columns: '{"content":"body","metadata":["language"]}',
      where:
        'status = open\n\ntenant=7\nlanguage = ["en", "de"]\ndeleted_at = null\nnote = a = b',
      news: "1",
    }),
    {
      type: "table",
      table: "support.notes",
      columns: { content: "body", metadata: ["language"] },
      where: {
        status: "open",
        tenant: 7,
        language: ["en", "de"],
        deleted_at: null,
        note: "a = b",
      },
      after: "last run",
    },
  );
});

Deno.test("readTableSource() keeps a line without a value, for the project to refuse", () => {
  assertEquals(readTableSource({ table: "a", where: "open" }).where, {
    open: "",
  });
});

Deno.test("writeColumn() says a column anew, takes it back, and leaves nothing in the address", () => {
  const said = writeColumn(undefined, "content", " body ");
  assertEquals(said, '{"content":"body"}');
  const both = writeColumn(said, "metadata", "language, plan");
  assertEquals(readColumns(both), {
    content: "body",
    metadata: ["language", "plan"],
  });
  assertEquals(writeColumn(said, "content", ""), undefined);
});

Deno.test("readColumns() is nothing for whatever else an address says", () => {
  for (const text of [undefined, "", "[]", "null", "1", '{"a'] as const) {
    assertEquals(readColumns(text), {});
  }
});

Deno.test("describeColumn() says lists and other tables in words", () => {
  assertEquals(
    ["body", ["a", "b"], { table: "votes", value: "up" }, undefined].map(
      describeColumn,
    ),
    ["body", "a, b", "votes, beside it", undefined],
  );
});
