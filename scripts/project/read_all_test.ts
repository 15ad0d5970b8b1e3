import { assertEquals } from "@std/assert";
import { readAll } from "./read_all.ts";

Deno.test("readAll() reads every row once, whatever Max rows the project has", async () => {
  for (const maxRows of [1, 100, 999, 1_000, 5_000]) {
    for (const count of [0, 1, 99, 100, 101, 1_000, 2_001]) {
      const rows = Array.from({ length: count }, (_, index) => index);
      const read = await readAll((from, to) =>
        Promise.resolve(rows.slice(from, Math.min(to + 1, from + maxRows)))
      );
      assertEquals(read, rows, `${count} rows, ${maxRows} at once`);
    }
  }
});
