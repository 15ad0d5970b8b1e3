import { assert } from "@std/assert";
import { coverTrueRate } from "../../../scripts/bench/label_seeds.ts";
import { startProjectDatabase } from "../../../scripts/test/test_database.ts";

Deno.test("experiment_scores has the true rate in the interval of the corrected one, 100 seeds", async () => {
  await using database = await startProjectDatabase();
  for (const choose of ["random", "verdict"] as const) {
    const covered = await coverTrueRate(database.sql, 100, choose);
    assert(covered >= 88, `${choose}: ${covered} of 100`);
  }
});
