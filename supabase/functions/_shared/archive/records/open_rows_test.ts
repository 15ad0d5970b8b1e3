import { assertEquals, assertMatch } from "@std/assert";
import { collect } from "../testing/collect.ts";
import { testFixtures } from "../testing/expect_fixture.ts";
import {
  dictionaryOfColumns,
  dictionaryOfLists,
  dictionaryOfMessages,
  pandasColumns,
  pandasIndex,
  pandasSplit,
  pandasTable,
  viewerPage,
} from "../testing/fixtures/datasets.ts";
import { openRows } from "./open_rows.ts";

testFixtures(
  "openRows()",
  dictionaryOfLists,
  dictionaryOfMessages,
  viewerPage,
  pandasSplit,
  pandasTable,
  pandasColumns,
  pandasIndex,
  dictionaryOfColumns,
);

Deno.test("openRows() leaves a record as it is that is no table", () => {
  for (
    const record of [
      null,
      [],
      [{ prompt: "a" }],
      { messages: [["human", "hi"], ["ai", "yo"]] },
      { messages: [{ role: "user" }], tools: [{ type: "function" }] },
      { turns: ["one", "two"], reference: ["a", "b"] },
      { model: "m", prompt: ["one", "two"] },
      { data: [], columns: [] },
      { "1": "a" },
    ]
  ) assertEquals(openRows(record), undefined, JSON.stringify(record));
});

Deno.test("openRows() does not use a row whose cells the viewer cut off", async () => {
  const row = (row_idx: number, prompt: string, truncated_cells: string[]) => ({
    row_idx,
    row: { prompt },
    truncated_cells,
  });
  const { texts, errors, end } = await collect({
    features: [],
    rows: [row(0, "whole", []), row(1, "a part of", ["prompt"])],
  });
  assertEquals([texts, end.skipped], [["whole"], 1]);
  assertMatch(errors[0].message, /cut cells of row 1 off \(prompt\)/);
});
