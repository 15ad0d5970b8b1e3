import { equal } from "node:assert/strict";
import { toSeconds } from "./follow_run.ts";

Deno.test("toSeconds() reads intervals of the Data API", () => {
  equal(toSeconds("00:01:30"), 90);
  equal(toSeconds("1 day 02:00:00"), 93_600);
  equal(toSeconds(null), null);
});
