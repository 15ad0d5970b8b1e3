import { assertEquals, assertThrows } from "@std/assert";
import { planDeployment, toCommandLine } from "./deployment_plan.ts";

const projectRef = "abcdefghijklmnopqrst";

Deno.test("planDeployment() pushes, deploys and configures the project URL", () => {
  assertEquals(planDeployment({ projectRef }).map(toCommandLine), [
    `npx -y supabase@3.1.0 db push --remote=${projectRef}`,
    `npx -y supabase@3.1.0 functions deploy --use-api --remote=${projectRef}`,
    `npx -y supabase@3.1.0 db query "select pipeline_set_secret('project_url', 'https://${projectRef}.supabase.co')" --remote=${projectRef}`,
  ]);
});

Deno.test("planDeployment() sets how long workers go on, when asked", () => {
  const lines = planDeployment({ projectRef, workerSeconds: 140 })
    .map(toCommandLine);
  assertEquals(
    lines[2],
    `npx -y supabase@3.1.0 secrets set WORKER_SECONDS=140 --remote=${projectRef}`,
  );
});

Deno.test("planDeployment() refuses what is no project or no time", () => {
  assertThrows(() => planDeployment({ projectRef: "mine" }), TypeError);
  assertThrows(
    () => planDeployment({ projectRef, workerSeconds: 500 }),
    TypeError,
  );
});
