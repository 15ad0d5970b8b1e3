import { assertEquals } from "@std/assert";
import { readInterval } from "./read_interval.ts";

Deno.test("readInterval() reads what PostgREST writes", () => {
  assertEquals(readInterval("00:01:02.5"), 62_500);
  assertEquals(readInterval("1 day 01:00:00"), 90_000_000);
  assertEquals(readInterval("3 days"), 259_200_000);
  assertEquals(readInterval(null), null);
});
