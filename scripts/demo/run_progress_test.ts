import { assertEquals } from "@std/assert";
import { describeProgress, type RunProgress } from "./run_progress.ts";

const half: RunProgress = {
  status: "running",
  prompts: 80,
  done: 40,
  succeeded: 39,
  failed: 1,
  perSecond: 12.34,
  secondsLeft: 65.2,
  seconds: 3.2,
  error: null,
};

Deno.test("describeProgress() gives a bar, the pace and the time left", () => {
  assertEquals(
    describeProgress(half, 73),
    "  ██████████░░░░░░░░░░  40/80 prompts  12.3/s  1 failed  1 min 6 s left",
  );
});

Deno.test("describeProgress() keeps a short bar in a narrow window", () => {
  assertEquals(
    describeProgress({ ...half, failed: 0, perSecond: null }, 30),
    "  █████░░░░░  40/80 prompts  1 min 6 s left",
  );
});

Deno.test("describeProgress() gives no time left when all prompts are done", () => {
  assertEquals(
    describeProgress({ ...half, done: 80, failed: 0, secondsLeft: 0 }, 48),
    "  █████████████████████  80/80 prompts  12.3/s",
  );
});

Deno.test("describeProgress() says what happens before the first prompt", () => {
  assertEquals(
    describeProgress({ ...half, prompts: 0, done: 0 }, 80),
    "  ░░░░░░░░░░░░░░░░░░░░░░░░  reading the archives",
  );
});
