import { assertEquals } from "@std/assert";
import {
  toBytes,
  toDuration,
  toMoney,
  toNumber,
  toP,
  toPercent,
  toScore,
  toSigned,
  toWords,
} from "./formats.ts";

Deno.test("toDuration() has the two units that matter", () => {
  assertEquals(
    [0, 999, 1_500, 9_999, 61_000, 3_600_000, 7_500_000, 273_600_000].map(
      (milliseconds) => toDuration(milliseconds),
    ),
    [
      "0 ms",
      "999 ms",
      "1.5 s",
      "10.0 s",
      "1 min 1 s",
      "1 h",
      "2 h 5 min",
      "3 d 4 h",
    ],
  );
});

Deno.test("what is not known is a dash", () => {
  for (const format of [toNumber, toMoney, toPercent, toScore, toDuration]) {
    assertEquals(format(null), "–");
  }
});

Deno.test("numbers keep the digits that matter", () => {
  assertEquals(
    [12345.678, 1_234_567, 999, 0.5, -1234.5, 0, -0.001].map(toNumber),
    ["12,345.68", "1,234,567", "999", "0.5", "-1,234.5", "0", "0"],
  );
  assertEquals(
    [0.0012345, 0.05, 1.23e-8, -0.05, 0, 0.1, 1234.5, -12].map(toMoney),
    [
      "$0.00123",
      "$0.05",
      "$0.0000000123",
      "-$0.05",
      "$0.00",
      "$0.10",
      "$1,234.50",
      "-$12.00",
    ],
  );
  assertEquals(toPercent(0.4711), "47.1 %");
  assertEquals(toScore(0.66666), "0.667");
  assertEquals(toScore(4.34e-9), "0");
});

Deno.test("toSigned() has a sign but for nothing", () => {
  assertEquals([0.5, -0.25, 0, null].map(toSigned), [
    "+0.5",
    "−0.25",
    "0",
    "–",
  ]);
});

Deno.test("toP() ends at 0.001", () => {
  assertEquals([9.54e-7, 0.001, 0.04719, null].map(toP), [
    "< 0.001",
    "0.001",
    "0.0472",
    "–",
  ]);
});

Deno.test("toWords() is text whatever the value is", () => {
  assertEquals(
    ["a", { id: "b" }, ["c"], 0, false, "", null, undefined].map(toWords),
    ["a", '{"id":"b"}', '["c"]', "0", "false", ...Array(3).fill(undefined)],
  );
});

Deno.test("toBytes() has the unit that is read", () => {
  assertEquals([0, 850, 4_410, 1_234_567, null].map(toBytes), [
    "0 B",
    "850 B",
    "4.41 kB",
    "1.23 MB",
    "–",
  ]);
});
