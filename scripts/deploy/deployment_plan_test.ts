import { assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { checkout } from "../local/checkout.ts";
import { findFencedBlocks } from "../test/fenced_blocks.ts";
import { planDeployment, toCommandLine } from "./deployment_plan.ts";

const projectRef = "abcdefghijklmnopqrst";

Deno.test("planDeployment() pushes, deploys and configures the project URL", () => {
  assertEquals(planDeployment({ projectRef }).map(toCommandLine), [
    `npx -y supabase@3.1.0 db push --remote=${projectRef}`,
    `npx -y supabase@3.1.0 functions deploy --use-api --remote=${projectRef}`,
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
    assertEquals(lines, planDeployment({ projectRef }).map(toCommandLine));
  });
}

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
