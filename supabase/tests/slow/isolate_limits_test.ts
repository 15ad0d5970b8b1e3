import { assert, assertEquals } from "@std/assert";
import {
  hostedLimits,
  type IsolateLimits,
} from "../../../scripts/local/functions/isolate_limits.ts";
import { numberedPrompts, withProject } from "../e2e/project.ts";

/** Makes 5,000 calls of a model and returns what the limits did to isolates. */
async function run5000Prompts(limits: IsolateLimits): Promise<string[]> {
  const events: string[] = [];
  await withProject(async (project) => {
    project.model.configure({ latency: 100, record: false });
    const id = await project.startRun({
      type: "prompts",
      prompts: numberedPrompts(5_000),
    });
    const run = await project.untilOver(id, 180);
    assertEquals([run.status, run.succeeded, run.failed], [
      "completed",
      5_000,
      0,
    ]);
    await project.checkInvariants(id);
  }, {
    isolateLimits: limits,
    endpoint: { max_concurrency: 100 },
    log(line) {
      if (line.includes("the limit of")) events.push(line);
    },
  });
  return events;
}

Deno.test("a run of 5,000 prompts completes within the limits of hosted isolates", async () => {
  assertEquals(await run5000Prompts(hostedLimits), []);
});

Deno.test({
  name:
    "a run of 5,000 prompts completes although isolates use up their CPU time",
  // Elsewhere nothing tells what a thread has used.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const events = await run5000Prompts({ ...hostedLimits, cpuMs: 400 });
    const told = events.filter((line) =>
      line.endsWith("near the limit of cpu")
    );
    assert(told.length > 0, `only ${events}`);
  },
});
