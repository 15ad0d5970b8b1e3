import { assertEquals } from "@std/assert";
import { formatChange, formatCost, formatTime } from "./format_values.ts";

Deno.test("formatCost() rounds to what people read", () => {
  assertEquals(formatCost("0.039422000000000000000000"), "0.0394");
  assertEquals(formatCost(12.3456), "12.3");
  assertEquals(formatCost(0), "0");
  assertEquals(formatCost(null), "");
});

Deno.test("formatTime() is UTC to the minute", () => {
  assertEquals(
    formatTime("2026-11-28T13:32:38.022905+01:00"),
    "11-28 12:32",
  );
  assertEquals(formatTime(null), "");
});

Deno.test("formatChange() gives a sign to what is not zero", () => {
  assertEquals(formatChange(-1.26, 1), "−1.3");
  assertEquals(formatChange(0.5, 1), "+0.5");
  assertEquals(formatChange(-0.01, 1), "0.0");
});
