import { assert, assertEquals } from "@std/assert";
import {
  ENDINGS,
  FACT_RESPONSES,
} from "../../../scripts/local/model_simulator/faults.ts";
import { withProject } from "../e2e/project.ts";

/** Failures that nothing in the words of a vendor tells: of five prompts each. */
const WITHOUT_WORDS = [
  "400",
  "401",
  "402",
  "403",
  "404",
  "408",
  "413",
  "500",
  "502",
  "529",
  "html",
  "truncated-json",
  "empty-body",
  "redirect",
  "reset",
  "unrecognised",
  "quota",
  "daily-quota",
  "bad-key-400",
  "error-in-body",
  "refusal",
  "content-filter",
  "length-empty",
  "empty-content",
];

/** Limits of some prompts only, which is how one meets them while others pass. */
const LIMITS = [
  "429x2",
  "503x1",
  "overloadedx1",
  "rate-without-headerx2",
  "rate-in-bodyx1",
  "slow-downx1",
];

Deno.test("1,000 prompts, every failure that is known among them: each is answered or has failed for a reason", () =>
  withProject(async (project) => {
    const faults = [
      ...Object.keys(FACT_RESPONSES),
      ...Object.keys(ENDINGS),
      ...WITHOUT_WORDS,
      ...LIMITS,
    ];
    const prompts = Array.from({ length: 1000 }, (_, index) =>
      // Spread, so that what stops the run does not come all at once.
      index % 5 === 0 && index / 5 < faults.length
        ? `[[fault:${faults[index / 5]}]] prompt ${index}`
        : `prompt ${index}`);
    assert(faults.length <= 200, `${faults.length} faults in 1,000 prompts`);
    const id = await project.startRun(
      { type: "prompts", prompts },
      { max_attempts: 2, max_concurrency: 50, max_wait_seconds: 20 },
    );
    // Somebody resumes what stops, without mending anything, as long as that brings it on.
    let resumes = 0;
    const deadline = Date.now() + 150_000;
    let run = await project.run(id);
    while (run.status !== "completed") {
      assert(Date.now() < deadline, `it does not end: ${JSON.stringify(run)}`);
      if (run.status === "paused") {
        assert(run.error!.includes("resume_pipeline_run"), run.error!);
        await project.sql`select resume_pipeline_run(${id})`;
        assert(++resumes < 60, `it stops for ever: ${run.error}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
      run = await project.run(id);
    }
    assertEquals(run.succeeded + run.failed, 1000);
    await project.checkInvariants(id);
    const [unexplained] = await project.sql`
      select count(*)::integer as count from prompt_evaluations
      where run_id = ${id} and not success and coalesce(length(error), 0) < 20
    `;
    assertEquals(unexplained.count, 0);
    const [plain] = await project.sql`
      select count(*)::integer as count from prompt_evaluations
      where run_id = ${id} and not success and prompt not like '[[fault%'
    `;
    assertEquals(plain.count, 0, "no prompt fails for another's failure");
    const asked = new Map<string, number>();
    for (const { prompt } of project.model.requests) {
      asked.set(prompt, (asked.get(prompt) ?? 0) + 1);
    }
    assertEquals(
      Math.max(...asked.values()) <= 12,
      true,
      "none is asked for ever",
    );
    const [endpoint] = await project.sql`
      select min(concurrency)::float8 as concurrency from pipeline.model_states where endpoint = 'model'
    `;
    assert(endpoint.concurrency > 5, `concurrency is ${endpoint.concurrency}`);
  }));
