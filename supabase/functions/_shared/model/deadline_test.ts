import { assert, assertEquals, assertRejects } from "@std/assert";
import { startDeadline } from "./deadline.ts";

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve())
  );
}

Deno.test("startDeadline() aborts when time is up", async () => {
  const deadline = startDeadline(1, undefined);
  await aborted(deadline.signal);
  assertEquals(deadline.givenUp(), "timeout");
  deadline.clear();
});

Deno.test("restart() gives the whole time again", async () => {
  const deadline = startDeadline(20, undefined);
  const startedAt = Date.now();
  // What precedes the request has used up the time before a timer could say so.
  while (Date.now() - startedAt < 25);
  const restartedAt = Date.now();
  deadline.restart();
  await aborted(deadline.signal);
  assert(Date.now() - restartedAt >= 20, `${Date.now() - restartedAt} ms`);
  assertEquals(deadline.givenUp(), "timeout");
  deadline.clear();
});

Deno.test("startDeadline() aborts with the caller", () => {
  const caller = new AbortController();
  const deadline = startDeadline(60_000, caller.signal);
  assertEquals(deadline.givenUp(), undefined);
  caller.abort();
  assertEquals(deadline.signal.aborted, true);
  assertEquals(deadline.givenUp(), "aborted");
  deadline.clear();
});

Deno.test("startDeadline() is aborted at once by a caller who gave up before", () => {
  const deadline = startDeadline(60_000, AbortSignal.abort());
  assertEquals(deadline.givenUp(), "aborted");
  deadline.clear();
});

Deno.test("clear() leaves the caller's signal without a listener", () => {
  const caller = new AbortController();
  const deadline = startDeadline(60_000, caller.signal);
  deadline.clear();
  caller.abort();
  assertEquals(deadline.signal.aborted, false);
});

Deno.test("clear() stops the timer", async () => {
  const cleared = startDeadline(1, undefined);
  cleared.clear();
  const later = startDeadline(5, undefined);
  await aborted(later.signal);
  assertEquals(cleared.givenUp(), undefined);
  later.clear();
});

Deno.test("within() passes on what the work gives", async () => {
  const deadline = startDeadline(60_000, undefined);
  assertEquals(await deadline.within(Promise.resolve(7)), 7);
  await assertRejects(
    () => deadline.within(Promise.reject(new Error("own"))),
    Error,
    "own",
  );
  deadline.clear();
});

Deno.test("within() rejects at the deadline, also when it has passed", async () => {
  const deadline = startDeadline(1, undefined);
  await assertRejects(
    () => deadline.within(new Promise(() => {})),
    Error,
    "deadline",
  );
  await assertRejects(
    () => deadline.within(new Promise(() => {})),
    Error,
    "deadline",
  );
  deadline.clear();
});
