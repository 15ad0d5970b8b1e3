import { equal } from "node:assert/strict";
import { writeScoringStatement } from "./score_runs.ts";

Deno.test("writeScoringStatement() names the runs and the evaluator", () => {
  equal(
    writeScoringStatement(["1", "2"], "rouge-l"),
    `select evaluate_pipeline_run(id, '["rouge-l"]') as id from pipeline_runs where id in (1, 2)`,
  );
});
