import { startProjectDatabase } from "../test/test_database.ts";
import { breakFunction } from "./break_function.ts";
import { BROKEN_BUILDS } from "./broken_builds.ts";

Deno.test("every broken build finds the text that it changes", async () => {
  await using database = await startProjectDatabase();
  const undo = new Error("undo");
  for (const { changes } of BROKEN_BUILDS) {
    await database.sql.begin(async (transaction) => {
      for (const change of changes) await breakFunction(transaction, change);
      throw undo;
    }).catch((error) => {
      if (error !== undo) throw error;
    });
  }
});
