import { assertEquals } from "@std/assert";
import { nextRun } from "./cron_schedule.ts";

const noon = new Date("2026-01-31T12:00:30Z");

Deno.test("nextRun() counts seconds from the last time", () => {
  assertEquals(
    nextRun("10 seconds", noon)?.toISOString(),
    "2026-01-31T12:00:40.000Z",
  );
});

Deno.test("nextRun() reads the five fields of cron", () => {
  assertEquals(
    nextRun("* * * * *", noon)?.toISOString(),
    "2026-01-31T12:01:00.000Z",
  );
  assertEquals(
    nextRun("5 4 1 * *", noon)?.toISOString(),
    "2026-02-01T04:05:00.000Z",
  );
});

Deno.test("nextRun() knows the last day of a month", () => {
  assertEquals(
    nextRun("0 0 $ * *", noon)?.toISOString(),
    "2026-02-28T00:00:00.000Z",
  );
});

Deno.test("nextRun() knows the names of schedules", () => {
  assertEquals(
    nextRun("@hourly", noon)?.toISOString(),
    "2026-01-31T13:00:00.000Z",
  );
});

Deno.test("nextRun() knows no time for what is run when pg_cron starts", () => {
  assertEquals(nextRun("@reboot", noon), undefined);
});
