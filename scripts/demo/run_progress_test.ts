import { assertEquals, assertMatch } from "@std/assert";
import { describeProgress, type RunProgress } from "./run_progress.ts";

const half: RunProgress = {
  status: "running",
  answers: 80,
  repetitions: 1,
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

Deno.test("describeProgress() counts answers of a run that repeats its prompts", () => {
  assertEquals(
    describeProgress(
      { ...half, failed: 0, perSecond: null, repetitions: 4 },
      30,
    ),
    "  █████░░░░░  40/80 answers  1 min 6 s left",
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
    describeProgress({ ...half, answers: 0, done: 0 }, 80),
    "  ░░░░░░░░░░░░░░░░░░░░░░░░  reading the archives",
  );
});

Deno.test("describeProgress() says until when the endpoint rests", () => {
  const resting = { ...half, restsUntil: "2026-01-01T10:00:30Z" };
  const at = (time: string) =>
    describeProgress(resting, 120, Date.parse(`2026-01-01T${time}Z`));
  assertMatch(at("10:00:00"), /rests until 10:00:30 UTC$/);
  assertEquals(at("10:01:00").includes("rests"), false);
});
