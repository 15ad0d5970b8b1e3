import { assert, assertEquals, assertMatch } from "@std/assert";
import { drawTable } from "./draw_table.ts";

const rows = [{ id: 1, text: "a long\ntext that goes on", hidden: 2 }];

Deno.test("drawTable() shows the named columns and cuts long texts", () => {
  const table = drawTable(rows, 16, ["id", "text"]);
  assertMatch(table, /id.*text/);
  assertMatch(table, /^id {2}text/);
  assertMatch(table, /^1 {3}a long text…$/m);
});

Deno.test("drawTable() is never wider than the terminal", () => {
  const run = {
    id: 1,
    experiment_name: "a nightly experiment with a long name",
    status: "completed",
    done: 1_000,
    message: "Endpoint answered HTTP 500: something long and winding".repeat(3),
    started_at: "2026-11-28 13:32:38.022905+00",
  };
  for (const columns of [44, 80, 200]) {
    const table = drawTable([run, run], columns);
    for (const line of table.split("\n")) {
      assert(line.length <= columns, `${columns}: ${line}`);
    }
    assertMatch(table, /completed/);
  }
});

Deno.test("drawTable() lists the values of a row where a table does not fit", () => {
  assertEquals(
    drawTable(rows, 10, ["id", "text"]),
    "id    1\ntext  a l…",
  );
});

Deno.test("drawTable() cuts texts before times", () => {
  const table = drawTable(
    [{ name: "a nightly experiment", at: "11-28 13:32" }],
    24,
  );
  assertMatch(table, /^a nightly …\s+11-28 13:32$/m);
});
