import { assertEquals, assertRejects } from "@std/assert";
import type { RunProgress } from "./run_progress.ts";
import { followProgress } from "./follow_progress.ts";

function progress(done: number, status = "running"): RunProgress {
  return {
    status,
    answers: 4,
    repetitions: 1,
    done,
    succeeded: done,
    failed: 0,
    perSecond: null,
    secondsLeft: null,
    seconds: null,
    error: null,
  };
}

/** Follows a run that makes the given steps, one a second. */
async function follow(steps: RunProgress[], isTerminal: boolean) {
  const shown: string[] = [];
  let second = 0;
  const show = (kind: string) => (text = "") =>
    void shown.push(`${kind} ${/\d\/4/.exec(text)?.[0]}`);
  const last = await followProgress({
    read: () => Promise.resolve(steps[second]),
    screen: {
      isTerminal,
      columns: 80,
      print: show("print"),
      update: show("update"),
    },
    wait: () => Promise.resolve(second++),
    now: () => second * 1_000,
  });
  return { last, shown };
}

Deno.test("followProgress() moves a bar on a terminal and leaves it there", async () => {
  const steps = [progress(0), progress(2), progress(4, "completed")];
  const { last, shown } = await follow(steps, true);
  assertEquals(last.status, "completed");
  assertEquals(shown, ["update 0/4", "update 2/4", "update 4/4", "print 4/4"]);
});

Deno.test("followProgress() prints a line every 2 s into a pipe when something moved", async () => {
  const { shown } = await follow([
    progress(0),
    progress(1),
    progress(2),
    progress(3),
    progress(3),
    progress(3),
    progress(4, "completed"),
  ], false);
  assertEquals(shown, ["print 2/4", "print 3/4", "print 4/4"]);
});

Deno.test("followProgress() ends when the run is paused", async () => {
  const { last } = await follow([progress(1, "paused")], false);
  assertEquals(last.status, "paused");
});

Deno.test("followProgress() ends when waiting does", async () => {
  await assertRejects(
    () =>
      followProgress({
        read: () => Promise.resolve(progress(0)),
        screen: { isTerminal: true, columns: 80, print() {}, update() {} },
        wait: () => Promise.reject(new Error("interrupted")),
        now: () => 0,
      }),
    Error,
    "interrupted",
  );
});
