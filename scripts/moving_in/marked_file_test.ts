import { assertEquals } from "@std/assert";
import { markFile, readMark } from "./marked_file.ts";

const mark = (file: string, text: string) =>
  markFile(file, { version: "1.0.0", kind: "install", text });

Deno.test("readMark() tells a file of ours, and whether it was edited", () => {
  const file = mark("a.sql", "select 1;\n");
  const expected = { version: "1.0.0", kind: "install" };
  assertEquals(readMark(file), { ...expected, isEdited: false });
  assertEquals(readMark(file.replaceAll("\n", "\r\n")), {
    ...expected,
    isEdited: false,
  });
  assertEquals(readMark(file.replace("1;", "2;")), {
    ...expected,
    isEdited: true,
  });
  assertEquals(readMark("select 1;\n"), undefined);
});

Deno.test("markFile() comments as the kind of file does", () => {
  assertEquals(mark("a.sql", "").slice(0, 3), "-- ");
  assertEquals(mark("a.ts", "").slice(0, 3), "// ");
});
