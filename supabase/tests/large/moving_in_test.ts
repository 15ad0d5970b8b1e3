import { ROWS } from "../../../scripts/moving_in/testing/rows.ts";
import { walk } from "../../../scripts/moving_in/testing/walk.ts";

// The first is part of every test.
for (const [name, row] of Object.entries(ROWS).slice(1)) {
  Deno.test(`add, push, run, remove, push → ${name} is what it was`, () =>
    walk(row));
}
