import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import {
  endChild,
  startListeningChild,
} from "../../../scripts/local/child_process.ts";
import { checkout, supabaseFolder } from "../../../scripts/local/checkout.ts";
import { functionHost } from "../../../scripts/local/functions/function_server.ts";
import {
  hostedLimits,
  type IsolateLimits,
} from "../../../scripts/local/functions/isolate_limits.ts";
import { readProcessorTime } from "../../../scripts/local/functions/processor_time.ts";
import { numberedPrompts, withProject } from "../e2e/project.ts";

/** Makes so many calls of a model and returns what the limits did to isolates. */
async function runPrompts(
  count: number,
  limits: IsolateLimits,
): Promise<string[]> {
  const events: string[] = [];
  await withProject(async (project) => {
    project.model.configure({ latency: 100, record: false });
    const id = await project.startRun({
      type: "prompts",
      prompts: numberedPrompts(count),
    });
    const run = await project.untilOver(id, 180);
    assertEquals([run.status, run.succeeded, run.failed], [
      "completed",
      count,
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

/**
 * Milliseconds of processor time in which this machine loads a worker, at this moment: as much is good
 * for some 500 calls, whether the machine is slow or busy.
 */
async function timeOfStart(): Promise<number> {
  const worker = join(supabaseFolder, "functions/pipeline-worker/index.ts");
  const { process } = await startListeningChild(
    ["run", "--no-check", "--allow-all", functionHost, worker, "0"],
    {
      name: "pipeline-worker",
      cwd: checkout,
      env: {
        SUPABASE_URL: "http://127.0.0.1",
        SUPABASE_SECRET_KEYS: JSON.stringify({ default: "none" }),
      },
      clearEnv: false,
      log: () => {},
    },
  );
  const milliseconds = await readProcessorTime(process.pid);
  await endChild(process);
  return milliseconds!;
}

Deno.test("a run of 5,000 prompts completes within the limits of hosted isolates", async () => {
  assertEquals(await runPrompts(5_000, hostedLimits), []);
});

Deno.test({
  name:
    "a run of 2,000 prompts completes although isolates use up their CPU time",
  // Elsewhere nothing tells what a thread has used.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const cpuMs = await timeOfStart();
    const events = await runPrompts(2_000, { ...hostedLimits, cpuMs });
    const told = events.filter((line) =>
      line.endsWith("near the limit of cpu")
    );
    assert(told.length > 0, `only ${events}`);
  },
});
