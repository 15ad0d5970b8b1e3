import { assertEquals } from "@std/assert";
import { median, quantile } from "./measurement.ts";

Deno.test("median() takes the middle, or the mean of the two middle ones", () => {
  assertEquals(median([3, 1, 2]), 2);
  assertEquals(median([4, 1, 2, 3]), 2.5);
});

Deno.test("quantile() gives the smallest value that the share does not exceed", () => {
  const values = Array.from({ length: 100 }, (_, index) => index + 1);
  assertEquals(quantile(values, 0.95), 95);
  assertEquals(quantile([7], 0.5), 7);
});
