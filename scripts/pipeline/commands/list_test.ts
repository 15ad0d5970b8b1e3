import { assertEquals } from "@std/assert";
import { describeRemarks } from "./list.ts";

const quiet = {
  status: "completed",
  error: null,
  notice: null,
  rests_until: null,
};
const now = Date.parse("2026-01-01T00:00:00Z");

Deno.test("describeRemarks() says why a run stands still, and what it found out", () => {
  const rests_until = "2026-01-01T00:01:30Z";
  assertEquals(
    describeRemarks(
      [
        { ...quiet, id: 5, status: "running", rests_until },
        { ...quiet, id: 4, status: "paused", rests_until, error: "HTTP 401" },
        { ...quiet, id: 3, notice: "No prompts:\nnothing to extract" },
        { ...quiet, id: 2, rests_until },
      ],
      80,
      now,
    ),
    [
      "Run 5: rests until 00:01:30 UTC",
      "Run 4: HTTP 401",
      "Run 3: No prompts: nothing to extract",
    ],
  );
});

Deno.test("describeRemarks() keeps to the width, and is silent about a rest that is over", () => {
  assertEquals(
    describeRemarks(
      [
        { ...quiet, id: 2, notice: "a".repeat(80) },
        {
          ...quiet,
          id: 1,
          status: "running",
          rests_until: "2025-12-31T23:59:59Z",
        },
      ],
      20,
      now,
    ),
    ["Run 2: aaaaaaaaaaaa…"],
  );
});
