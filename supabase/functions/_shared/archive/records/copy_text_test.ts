import { assertEquals } from "@std/assert";
import { readCopyCell } from "./copy_text.ts";

Deno.test("readCopyCell() reads what COPY writes for line breaks, tabs, backslashes and null", () => {
  assertEquals(
    ["\\N", "", "a\\nb\\tc", "C:\\\\new", "\\\\N", "\\x41\\101"]
      .map(readCopyCell),
    [null, "", "a\nb\tc", "C:\\new", "\\N", "AA"],
  );
});
