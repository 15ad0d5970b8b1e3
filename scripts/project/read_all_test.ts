import { assertEquals } from "@std/assert";
import { readAll } from "./read_all.ts";

Deno.test("readAll() asks until a page is not full", async () => {
  for (const [count, asked] of [[0, 1], [999, 1], [1_000, 2], [2_001, 3]]) {
    const rows = Array.from({ length: count }, (_, index) => index);
    let asks = 0;
    const read = await readAll((from, to) => {
      asks++;
      return Promise.resolve(rows.slice(from, to + 1));
    });
    assertEquals([read, asks], [rows, asked]);
  }
});
