import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { checkout } from "../local/checkout.ts";
import { findFencedBlocks } from "../test/fenced_blocks.ts";
import {
  planDeployment,
  readTarget,
  toCommandLine,
} from "./deployment_plan.ts";

const projectRef = "abcdefghijklmnopqrst";
const target = { projectRef, database: projectRef };

Deno.test("planDeployment() pushes, deploys and configures the project URL", () => {
  assertEquals(planDeployment({ target }).map(toCommandLine), [
    `npx -y supabase@3.1.0 db push --remote=${projectRef}`,
    `npx -y supabase@3.1.0 functions deploy pipeline-evaluator pipeline-worker prompt-pipeline evaluate-results execute-batch extract-prompts run-pipeline run-sweep save-prompt-set store-results --use-api --remote=${projectRef}`,
    `npx -y supabase@3.1.0 db query "select pipeline_set_secret('project_url', 'https://${projectRef}.supabase.co')" --remote=${projectRef}`,
  ]);
});

for (const page of ["README.md", "docs/hosted.md"]) {
  Deno.test(`${page} deploys as planDeployment() does`, async () => {
    const text = await Deno.readTextFile(join(checkout, page));
    const lines = findFencedBlocks(text).flatMap(({ text }) => text.split("\n"))
      .filter((line) => line.startsWith("npx -y supabase@"))
      // Docker is another target.
      .filter((line) => !line.endsWith(" start"));
    assertEquals(lines, planDeployment({ target }).map(toCommandLine));
  });
}

Deno.test("planDeployment() sets how long workers go on, when asked", () => {
  const lines = planDeployment({ target, workerSeconds: 140 })
    .map(toCommandLine);
  assertEquals(
    lines[2],
    `npx -y supabase@3.1.0 secrets set WORKER_SECONDS=140 --remote=${projectRef}`,
  );
});

Deno.test("planDeployment() refuses what is no project or no time", () => {
  for (
    const text of ["mine", "postgres://postgres:secret@127.0.0.1:5432/postgres"]
  ) {
    const { message } = assertThrows(() => readTarget(text), TypeError);
    assert(!message.includes("secret"), message);
  }
  assertThrows(
    () => planDeployment({ target, workerSeconds: 500 }),
    TypeError,
  );
});

Deno.test("readTarget() finds the project in the URL of its pooler, and of its server", () => {
  for (
    const database of [
      `postgresql://postgres.${projectRef}:p%40ss@aws-0-eu-central-1.pooler.supabase.com:5432/postgres`,
      `postgres://postgres.${projectRef}@aws-0-eu-central-1.pooler.supabase.com:6543/postgres`,
      `postgresql://postgres:secret@db.${projectRef}.supabase.co:5432/postgres`,
    ]
  ) {
    assertEquals(readTarget(database), {
      projectRef,
      database: database.replace(":6543", ":5432"),
    });
  }
});

Deno.test("planDeployment() reaches the database by the URL, the functions by the project, and shows no password", () => {
  const database =
    `postgresql://postgres.${projectRef}:secret@aws-0-eu-central-1.pooler.supabase.com:5432/postgres`;
  const steps = planDeployment({ target: { projectRef, database } });
  assertEquals(steps.map(({ args }) => args.at(-1)), [
    `--remote=${database}`,
    `--remote=${projectRef}`,
    `--remote=${database}`,
  ]);
  assert(!steps.map(toCommandLine).join("\n").includes("secret@"));
});
