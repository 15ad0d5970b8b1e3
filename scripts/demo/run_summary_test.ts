import { assertEquals } from "@std/assert";
import type { RunProgress } from "./run_progress.ts";
import { describeSummary, type RunSummary } from "./run_summary.ts";

const progress: RunProgress = {
  status: "completed",
  answers: 80,
  repetitions: 1,
  done: 80,
  succeeded: 79,
  failed: 1,
  perSecond: 10,
  secondsLeft: null,
  seconds: 8.04,
  error: null,
};

const summary: RunSummary = {
  inputTokens: 12_345,
  outputTokens: 980,
  p50: 412,
  p95: 1043,
  retries: 3,
  losses: [],
  failures: [],
  pairs: [],
};

Deno.test("describeSummary() lists the numbers of a run", () => {
  assertEquals(describeSummary(progress, summary), [
    "  prompts   80",
    "  succeeded 79",
    "  failed    1",
    "  latency   p50 412 ms, p95 1043 ms",
    "  tokens    12,345 in, 980 out",
    "  time      8.0 s",
    "  retries   3, for calls that failed at first",
  ]);
});

Deno.test("describeSummary() leaves out what did not happen", () => {
  assertEquals(
    describeSummary(
      { ...progress, seconds: null },
      { ...summary, p50: null, p95: null, retries: 0 },
    ).slice(3),
    ["  latency   unknown", "  tokens    12,345 in, 980 out"],
  );
});
