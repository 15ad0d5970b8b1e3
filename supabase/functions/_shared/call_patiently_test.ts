import { assertEquals, assertObjectMatch, assertRejects } from "@std/assert";
import {
  callPatiently,
  type Patience,
  repeatWhileUnavailable,
} from "./call_patiently.ts";
import { PipelineError } from "./errors.ts";
import type { ErrorClass } from "./task_error.ts";

const SCHEDULE = { retries: 2, firstMs: 100, mostMs: 150 };

/** Time passes only while something waits; `stopAfter` waits the signal aborts. */
function createTime(stopAfter = Infinity) {
  const waits: number[] = [];
  const stop = new AbortController();
  let now = 0;
  const clock = {
    now: () => now,
    wait: (milliseconds: number) => {
      now += milliseconds;
      if (waits.push(milliseconds) >= stopAfter) stop.abort();
      return Promise.resolve();
    },
  };
  return { waits, clock, signal: stop.signal };
}

/** Fails with the classes in turn, then succeeds. */
async function callThatFails(
  failures: (ErrorClass | { class: ErrorClass; retryAfterMs: number })[],
  patience: Partial<Patience> = {},
  time = createTime(),
) {
  let calls = 0;
  const { result, tries } = await callPatiently(
    () => {
      const error = failures[calls++];
      return Promise.resolve(
        error === undefined ? { ok: true as const } : {
          ok: false as const,
          error: typeof error === "string" ? { class: error } : error,
        },
      );
    },
    {
      clock: time.clock,
      signal: time.signal,
      schedules: { transient: SCHEDULE },
      ...patience,
    },
  );
  return { ok: result.ok, calls, tries, waits: time.waits };
}

Deno.test("callPatiently() doubles its waits up to the longest, as often as the schedule says", async () => {
  assertEquals(await callThatFails(["transient", "transient"]), {
    ok: true,
    calls: 3,
    tries: 3,
    waits: [100, 150],
  });
  const { ok, calls } = await callThatFails(Array(5).fill("transient"));
  assertEquals([ok, calls], [false, 3]);
});

Deno.test("callPatiently() does not repeat a class without a schedule", async () => {
  const { ok, calls } = await callThatFails(["permanent"]);
  assertEquals([ok, calls], [false, 1]);
});

Deno.test("callPatiently() counts each class for itself, and a rate limit as no try", async () => {
  const schedules = { transient: SCHEDULE, rate: SCHEDULE };
  const { ok, tries, waits } = await callThatFails(
    ["rate", "rate", "transient", "transient"],
    { schedules },
  );
  assertEquals([ok, tries, waits], [true, 3, [100, 150, 100, 150]]);
});

Deno.test("callPatiently() waits as long as it was asked to, and tells", async () => {
  const told: unknown[] = [];
  const asked = { class: "transient", retryAfterMs: 7_000 } as const;
  const { waits } = await callThatFails([asked], {
    random: () => 0.5,
    onWait: (...wait) => told.push(wait),
  });
  assertEquals([waits, told], [[7_000], [["transient", 7_000]]]);
});

Deno.test("callPatiently() takes a share of a wait that nobody asked for", async () => {
  const { waits } = await callThatFails(["transient"], { random: () => 0.5 });
  assertEquals(waits, [50]);
});

Deno.test("callPatiently() begins no wait that would reach the end", async () => {
  const { ok, waits } = await callThatFails(["transient", "transient"], {
    endsAt: 200,
  });
  assertEquals([ok, waits], [false, [100]]);
});

Deno.test("callPatiently() makes one last try when a wait is cut short", async () => {
  const { ok, calls } = await callThatFails(
    Array(5).fill("transient"),
    {},
    createTime(1),
  );
  assertEquals([ok, calls], [false, 2]);
});

Deno.test("repeatWhileUnavailable() repeats nothing but what is unavailable", async () => {
  let calls = 0;
  const fail = (code: "unavailable" | "conflict", recoversAt = Infinity) => {
    calls = 0;
    const { clock, signal } = createTime();
    return repeatWhileUnavailable(
      () =>
        ++calls < recoversAt
          ? Promise.reject(new PipelineError(code, "no"))
          : Promise.resolve("yes"),
      { clock, signal, schedule: SCHEDULE },
    );
  };
  assertEquals(await fail("unavailable", 3), "yes");
  assertObjectMatch(await assertRejects(() => fail("unavailable"), Error), {
    code: "unavailable",
  });
  assertEquals(calls, 3);
  assertObjectMatch(await assertRejects(() => fail("conflict"), Error), {
    code: "conflict",
  });
  assertEquals(calls, 1);
});

Deno.test("repeatWhileUnavailable() waits as long as the error says", async () => {
  const { clock, signal, waits } = createTime();
  let calls = 0;
  await repeatWhileUnavailable(
    () =>
      ++calls === 2 ? Promise.resolve() : Promise.reject(
        new PipelineError("unavailable", "no", { retryAfterMs: 3_000 }),
      ),
    { clock, signal, schedule: SCHEDULE },
  );
  assertEquals(waits, [3_000]);
});
