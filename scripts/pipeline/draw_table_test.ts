import { assertMatch } from "@std/assert";
import { drawTable } from "./draw_table.ts";

Deno.test("drawTable() shows the named columns and cuts long texts", () => {
  const table = drawTable(
    [{ id: 1, text: "a long\ntext that goes on", hidden: 2 }],
    ["id", "text"],
    10,
  );
  assertMatch(table, /id.*text/);
  assertMatch(table, /│ 1 .*│ a long te… │/);
});
