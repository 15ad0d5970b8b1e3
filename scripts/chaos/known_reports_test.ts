import { assertEquals } from "@std/assert";
import type { ChaosReport } from "./chaos.ts";
import { withReport } from "./known_reports.ts";

const reportOf = (seed: number, prompts: number, seconds: number) =>
  ({ seed, prompts, seconds }) as ChaosReport;

Deno.test("withReport() adds a seed, or says anew what came of it, beside those of as many prompts", () => {
  assertEquals(
    withReport(
      [reportOf(1, 300, 1), reportOf(2, 300, 1), reportOf(4, 50, 1)],
      reportOf(1, 300, 2),
    ),
    [reportOf(1, 300, 2), reportOf(2, 300, 1)],
  );
});
