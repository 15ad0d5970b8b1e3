import { assertEquals, assertMatch } from "@std/assert";
import { collect, toBytes } from "../testing/collect.ts";
import { buildZip } from "../testing/build_zip.ts";
import { describeForeignFile } from "./foreign_file.ts";

function expectKind(start: string, code: string, reason: RegExp): void {
  const told = describeForeignFile(toBytes(start));
  assertEquals(told.code, code);
  assertMatch(told.reason, reason);
}

Deno.test("describeForeignFile() tells what to do with files of tables", () => {
  expectKind("PAR1\x15\x04", "refused_format", /Parquet.*JSON lines/);
  expectKind("ARROW1\0\0", "refused_format", /Arrow.*JSON lines/);
  expectKind("SQLite format 3\0", "refused_format", /SQLite.*sqlite3 -json/);
});

Deno.test("describeForeignFile() tells what to do with packed files", () => {
  expectKind("BZh91AY", "refused_format", /bzip2.*zip/);
  expectKind(`${"\0".repeat(257)}ustar`, "refused_format", /tar.*zip/);
});

Deno.test("describeForeignFile() tells where a page has its JSON", () => {
  expectKind("<html>var jsonData =", "not_json", /conversations\.json/);
  expectKind("<html>", "not_json", /HTML.*export it as JSON/);
});

Deno.test("describeForeignFile() tells what a table needs", () => {
  expectKind("insert into t values (1);", "not_json", /SQL.*COPY/);
  expectKind("question,answer,answer\na,b,c", "not_json", /names.*once$/);
  const gbk = Uint8Array.of(0xce, 0xca, 0x2c, 0xb4, 0xf0, 0x0a);
  assertMatch(describeForeignFile(gbk).reason, /once; nor is it UTF-8/);
});

Deno.test("describeForeignFile() tells how to read aider's history", () =>
  expectKind("\n# aider chat started at 2024-05-01", "not_json", /sed/));

Deno.test("readArchive() tells of Parquet beside files that it reads", async () => {
  const { texts, errors } = await collect(buildZip([
    { name: "a.jsonl", content: toBytes({ prompt: "one", completion: "a" }) },
    { name: "b.parquet", content: toBytes("PAR1\x15\x04\x15") },
    { name: "page.html", content: toBytes("<html>") },
  ]));
  assertEquals(texts, ["one"]);
  assertEquals(errors.map(({ code, entry }) => [code, entry]), [
    ["refused_format", "b.parquet"],
  ]);
});
