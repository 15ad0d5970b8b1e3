import { assertEquals } from "@std/assert";
import { writeScoringStatement } from "./score_runs.ts";

Deno.test("writeScoringStatement() names the runs and the evaluator", () => {
  assertEquals(
    writeScoringStatement(["1", "2"], "rouge-l"),
    `select evaluate_pipeline_run(id, '["rouge-l"]') as id from pipeline_runs where id in (1, 2)`,
  );
});
