import { assertEquals } from "@std/assert";
import { toCsvLine } from "./to_csv_line.ts";

Deno.test("toCsvLine() disarms formulas of full-width signs, and keeps every character", () => {
  assertEquals(
    toCsvLine(["＝1", "＋1", "－1", "＠a", "\x1b[2J\u202e"]),
    "'＝1,'＋1,'－1,'＠a,\x1b[2J\u202e",
  );
});

Deno.test("toCsvLine() quotes what needs it and disarms formulas", () => {
  assertEquals(
    toCsvLine([1, null, 'a "b"', "two\nlines", ["x"], "=HYPERLINK(1)", -2]),
    '1,,"a ""b""","two\nlines","[""x""]",\'=HYPERLINK(1),-2',
  );
});
