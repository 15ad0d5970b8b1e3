import { assert, assertEquals } from "@std/assert";
import { judgeDatabase } from "./find_problems.ts";
import type { DatabaseFacts } from "./inspect_database.ts";
import { factsOf, well } from "./testing/facts.ts";

const judge = (facts: Partial<DatabaseFacts>) =>
  judgeDatabase(factsOf(facts), { migrations: [] }).problems;

Deno.test("judgeDatabase() finds nothing in a database that is ready, or has a version", () => {
  assertEquals(judge({}), []);
  assertEquals(
    judge({
      hasPipeline: true,
      version: "1.0.0",
      taken: { ...well.taken, schemas: ["pipeline"] },
    }),
    [],
  );
});

Deno.test("judgeDatabase() tells all problems at once, each with the way out", () => {
  const problems = judge({
    serverVersion: 140002,
    missingExtensions: ["pg_cron"],
    mayCreateInPublic: false,
    mayCreateSchemas: false,
    hasExtensionsSchema: false,
    migrations: ["20240101000000"],
    taken: {
      ...well.taken,
      relations: ["public.pipeline_runs"],
      cronJobs: ["prompt-pipeline prune"],
    },
  });
  assertEquals(problems.length, 8);
  for (const word of ["14", "pg_cron", "grant", "migration fetch", "rename"]) {
    assert(problems.some((problem) => problem.includes(word)), word);
  }
});

Deno.test("judgeDatabase() tells of a pipeline from before versions", () => {
  const [problem, ...others] = judge({ hasPipeline: true });
  assertEquals(others, []);
  assert(problem.includes("export"));
});

Deno.test("judgeDatabase() notes secrets that would be the pipeline's, but for its URL", () => {
  const secrets = ["pipeline_project_url", "pipeline_key"];
  const { problems, remarks } = judgeDatabase({ ...well, secrets }, undefined);
  assertEquals([problems.length, remarks.length], [0, 1]);
});
