import { assertEquals } from "@std/assert";
import { toPieces } from "./line_chart.tsx";

Deno.test("toPieces() draws from 0 to the highest over the whole time", () => {
  assertEquals(toPieces([0, 5, 10], [0, 5, 10], 10), [
    "0.0,60.0 150.0,31.0 300.0,2.0",
  ]);
});

Deno.test("toPieces() leaves a gap for what is not known", () => {
  assertEquals(toPieces([0, 5, 10], [10, null, 10], 10), [
    "0.0,2.0 0.0,2.0",
    "300.0,2.0 300.0,2.0",
  ]);
  assertEquals(toPieces([0, 0], [null, null], 1), []);
});
