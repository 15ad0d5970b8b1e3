import { assertEquals } from "@std/assert";
import { toComparable } from "./comparable.ts";

Deno.test("toComparable() gives composed letters and \\n", () => {
  assertEquals(
    toComparable("e\u0301\r\nx\ry\n", { ignoreCase: false }),
    "\u00e9\nx\ny\n",
  );
});

Deno.test("toComparable() trims and lowers the case only when asked to", () => {
  assertEquals(toComparable(" A ", { ignoreCase: false }), " A ");
  assertEquals(toComparable(" A ", { ignoreCase: true, trim: true }), "a");
});
