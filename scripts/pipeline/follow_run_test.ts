import { assertEquals } from "@std/assert";
import { toSeconds } from "./follow_run.ts";

Deno.test("toSeconds() reads intervals of the Data API", () => {
  assertEquals(toSeconds("00:01:30"), 90);
  assertEquals(toSeconds("1 day 02:00:00"), 93_600);
  assertEquals(toSeconds(null), null);
});
