import { assertEquals, assertStrictEquals } from "@std/assert";
import type { Json } from "../json.ts";
import { toIsoTime } from "./time_of.ts";

const NOON = "2024-01-09T12:00:00.000Z";
const SECONDS = 1704801600;

function expectTimes(expected: string | undefined, ...times: Json[]): void {
  for (const time of times) {
    assertStrictEquals(toIsoTime(time), expected, String(time));
  }
}

Deno.test("toIsoTime() tells seconds, milli-, micro- and nanoseconds apart", () =>
  expectTimes(
    NOON,
    SECONDS,
    SECONDS * 1e3,
    SECONDS * 1e6,
    SECONDS * 1e9,
    String(SECONDS),
    `${SECONDS}000000000`,
  ));

Deno.test("toIsoTime() reads dates with a zone, and without one as UTC", () =>
  expectTimes(
    NOON,
    "2024-01-09T12:00:00Z",
    "2024-01-09T14:00:00+02:00",
    "2024-01-09T12:00:00.000000Z",
    "2024-01-09T12:00:00",
    "2024-01-09 12:00:00",
    "January 9, 2024 12:00pm",
    "1/9/2024, 12:00:00 PM",
    // SillyTavern's own.
    "2024-1-9 @12h 00m 00s 000ms",
    "2024-1-9@12h00m00s",
  ));

Deno.test("toIsoTime() reads MongoDB's extended JSON", () =>
  expectTimes(
    NOON,
    { $date: { $numberLong: `${SECONDS}000` } },
    { $date: "2024-01-09T12:00:00Z" },
  ));

Deno.test("toIsoTime() gives nothing for what is no time", () =>
  expectTimes(
    undefined,
    null,
    0,
    -5,
    1e300,
    "not a time",
    "",
    "13:18:04 GMT-0400",
    {},
    true,
    "x".repeat(1000),
  ));

Deno.test("toIsoTime() agrees with Date over the centuries", () => {
  for (let time = 1; time < 99_000_000_000; time += 86_399_877.777) {
    assertEquals(toIsoTime(time), new Date(time * 1000).toISOString());
  }
});

Deno.test("toIsoTime() cuts fractions and moves days that do not exist", () => {
  assertEquals(
    toIsoTime("2024-05-17T10:41:17.284913Z"),
    "2024-05-17T10:41:17.284Z",
  );
  assertEquals(
    toIsoTime("2024-02-30T10:41:17.284Z"),
    "2024-03-01T10:41:17.284Z",
  );
});
