import { assert, assertEquals } from "@std/assert";
import { formatNumber, toBenchmarksPage } from "./benchmarks_page.ts";

Deno.test("toBenchmarksPage() names the machine and shows each figure", () => {
  const page = toBenchmarksPage(
    [
      { name: "a", value: 1234.5, unit: "rows/s", limit: 2000, ratio: 0.617 },
      { name: "b", value: 1.239, unit: "ms", goal: "at most 2 ms" },
      { name: "c", value: 1, unit: "ms", printedOnly: true },
    ],
    { processors: "2 × X", memoryGb: 23.4, system: "linux", deno: "2.9.6" },
    "2026-01-02",
  );
  assert(
    page.includes("2026-01-02: 2 × X, 23 GB of memory, linux, Deno 2.9.6"),
  );
  assert(page.includes("| a | 1,235 | rows/s | 2,000 | 0.62 |  |"));
  assert(page.includes("| b | 1.24 | ms |  |  | at most 2 ms |"));
  assert(!page.includes("| c |"));
});

Deno.test("formatNumber() drops decimals that say nothing", () => {
  assertEquals(formatNumber(99.999), "100");
  assertEquals(formatNumber(1234567.8), "1,234,568");
});
