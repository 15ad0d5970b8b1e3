import { assert, assertEquals } from "@std/assert";
import { enforceLimits, type IsolateUsage } from "./isolate_limits.ts";

const limits = { cpuMs: 2_000, memoryMb: 256, wallMs: 150_000 };

/** What happens to an isolate that is seen to have used so much, one after the other. */
async function endOf(...usages: Partial<IsolateUsage>[]) {
  const seen = usages.values();
  const events: string[] = [];
  const pauses: number[] = [];
  await enforceLimits(limits, {
    usage() {
      const { value } = seen.next();
      const none = { cpuMs: 0, memoryMb: 0, wallMs: 0 };
      return Promise.resolve(value ? { ...none, ...value } : null);
    },
    retire: () => events.push("retire"),
    announceEnd: (reason) => events.push(`announce ${reason}`),
    kill: (reason) => events.push(`kill ${reason}`),
  }, (milliseconds) => {
    pauses.push(milliseconds);
    return Promise.resolve();
  });
  return { events, pauses };
}

Deno.test("enforceLimits() retires, announces and kills, each once", async () => {
  const cpu = [900, 1_000, 1_500, 1_799, 1_800, 1_999, 2_000, 2_001];
  const { events } = await endOf(...cpu.map((cpuMs) => ({ cpuMs })));
  assertEquals(events, ["retire", "announce cpu", "kill cpu"]);
});

Deno.test("enforceLimits() counts the limit that is closest", async () => {
  assertEquals(
    (await endOf({ wallMs: 75_000 }, { wallMs: 135_000 })).events,
    ["retire", "announce wall_clock"],
  );
  assertEquals(
    (await endOf({ cpuMs: 1_900, memoryMb: 256 })).events,
    ["kill memory"],
  );
});

Deno.test("enforceLimits() leaves an isolate alone that uses little", async () => {
  const usage = { cpuMs: 999, memoryMb: 127, wallMs: 74_999 };
  assertEquals((await endOf(usage)).events, []);
});

Deno.test("enforceLimits() looks again before processor time can run out", async () => {
  const { pauses } = await endOf({ cpuMs: 0 }, { cpuMs: 970 }, {
    cpuMs: 1_999,
  });
  assertEquals(pauses, [100, 30, 10]);
  assert((await endOf({ wallMs: 149_990 })).pauses[0] <= 10);
});
