import { assert, assertEquals } from "@std/assert";
import { formatNumber, toBenchmarksPage } from "./benchmarks_page.ts";

const machine = {
  processors: "2 × X",
  memoryGb: 23.4,
  system: "linux",
  deno: "2.9.6",
};
const order = ["a", "b", "c"];

Deno.test("toBenchmarksPage() names the machine and shows each figure with its day", () => {
  const page = toBenchmarksPage(
    [
      { name: "a", value: 1234.5, unit: "rows/s", limit: 2000, ratio: 0.617 },
      { name: "b", value: 1.239, unit: "ms", goal: "at most 2 ms" },
      { name: "c", value: 1, unit: "ms", printedOnly: true },
    ],
    machine,
    "2026-01-02",
    { page: "", order },
  );
  assert(page.includes("2 × X, 23 GB of memory, linux, Deno 2.9.6"));
  assert(
    page.includes("| a | 1,235 | rows/s | 2,000 | 0.62 |  | 2026-01-02 |"),
  );
  assert(page.includes("| b | 1.24 | ms |  |  | at most 2 ms | 2026-01-02 |"));
  assert(!page.includes("| c |"));
});

Deno.test("toBenchmarksPage() keeps what it is not told anew, in one order", () => {
  const write = (names: string[], day: string, page: string) =>
    toBenchmarksPage(
      names.map((name) => ({ name, value: 1, unit: "ms" })),
      machine,
      day,
      { page, order },
    );
  const rows = (page: string) =>
    page.split("\n").filter((line) => line.startsWith("| ")).slice(2)
      .map((line) => [line.split(" | ")[0], line.split(" | ").at(-1)].join());
  const first = write(["c: x", "a: y", "a: z"], "1", "");
  assertEquals(rows(first), ["| a: y,1 |", "| a: z,1 |", "| c: x,1 |"]);
  // As it looks in its file.
  const formatted = first.replaceAll(" | ", "    | ");
  assertEquals(
    rows(write(["b: v", "a: w"], "2", formatted)).map((row) =>
      row.replaceAll(/ +/g, " ")
    ),
    ["| a: w,2 |", "| b: v,2 |", "| c: x ,1 |"],
  );
});

Deno.test("toBenchmarksPage() says which machine the figures of each day are of", () => {
  const write = (name: string, processors: string, day: string, page: string) =>
    toBenchmarksPage(
      [{ name, value: 1, unit: "ms" }],
      { ...machine, processors },
      day,
      { page, order },
    );
  const machines = (page: string) => page.match(/^- .*$/gm);
  const of = "23 GB of memory, linux, Deno 2.9.6";
  const first = write("a: y", "2 × X", "2026-01-02", "");
  // As it looks in its file.
  const formatted = first.replace("memory, linux", "memory,\n  linux");
  const second = write("b: y", "4 × Y", "2026-01-03", formatted);
  assertEquals(machines(second), [
    `- 2026-01-02: 2 × X, ${of}`,
    `- 2026-01-03: 4 × Y, ${of}`,
  ]);
  // Nothing is left of the first day.
  const third = write("a: y", "4 × Y", "2026-01-03", second);
  assertEquals(machines(third), [`- 2026-01-03: 4 × Y, ${of}`]);
});

Deno.test("formatNumber() drops decimals that say nothing", () => {
  assertEquals(formatNumber(99.999), "100");
  assertEquals(formatNumber(1234567.8), "1,234,568");
});
