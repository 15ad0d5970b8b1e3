import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { createSkewedDate } from "./skewed_date.ts";

const HOUR = 3_600_000;

/** A machine on which it is always noon of 2026-01-01. */
class Noon extends Date {
  constructor(...args: []) {
    super(...args.length > 0 ? args : [Noon.now()] as unknown as []);
  }
  static override now = () => Date.UTC(2026, 0, 1, 12);
}

Deno.test("createSkewedDate() shifts the present", () => {
  const Skewed = createSkewedDate(-HOUR, Noon as unknown as DateConstructor);
  assertStrictEquals(Skewed.now(), Date.UTC(2026, 0, 1, 11));
  assertEquals(new Skewed().toISOString(), "2026-01-01T11:00:00.000Z");
  assertStrictEquals(Date.parse(Skewed()), Date.UTC(2026, 0, 1, 11));
});

Deno.test("createSkewedDate() leaves every other time alone", () => {
  const Skewed = createSkewedDate(HOUR);
  assertEquals(new Skewed(0).getTime(), 0);
  assertEquals(new Skewed("2026-01-01").getTime(), Skewed.UTC(2026, 0, 1));
  assertEquals(Skewed.parse("1970-01-01T00:00:01Z"), 1_000);
  assert(new Skewed() instanceof Skewed);
  assert(new Date() instanceof Skewed);
});
