import { equal } from "node:assert/strict";
import { toComparable } from "./comparable.ts";

Deno.test("toComparable() gives composed letters and \\n", () => {
  equal(
    toComparable("e\u0301\r\nx\ry\n", { ignoreCase: false }),
    "\u00e9\nx\ny\n",
  );
});

Deno.test("toComparable() trims and lowers the case only when asked to", () => {
  equal(toComparable(" A ", { ignoreCase: false }), " A ");
  equal(toComparable(" A ", { ignoreCase: true, trim: true }), "a");
});
