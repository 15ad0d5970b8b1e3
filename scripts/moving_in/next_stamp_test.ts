import { assertEquals, assertThrows } from "@std/assert";
import { nextStamp } from "./next_stamp.ts";

const now = new Date("2026-11-28T20:15:00.500Z");

Deno.test("nextStamp() is the time, or what comes after the newest of the future", () => {
  for (
    const [taken, expected] of [
      [[], "20261128201500"],
      [["20240101000000", "0001"], "20261128201500"],
      [["20300101000000", "20240101000000"], "20300101000001"],
      [["20301231235959"], "20310101000000"],
      [["20261128201500"], "20261128201501"],
      [["20301340256199"], "20301340256200"],
      [["3"], "4"],
    ] as const
  ) assertEquals(nextStamp([...taken], now), expected, String(taken));
});

Deno.test("nextStamp() says so when nothing can come after", () => {
  assertThrows(() => nextStamp(["9"], now), Error, "after 9");
});
