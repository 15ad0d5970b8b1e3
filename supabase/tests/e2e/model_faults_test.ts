import { assert, assertEquals, assertMatch } from "@std/assert";
import { withProject } from "./project.ts";

Deno.test("each fault of a model has its outcome, and no fault stops the others", () =>
  withProject(async (project) => {
    const prompts = [
      "good",
      "[[fault:500x1]] fails once",
      "[[fault:resetx1]] resets once",
      "[[fault:htmlx1]] answers with a page once",
      "[[fault:truncated-jsonx1]] is cut off once",
      "[[fault:429x1]] is too fast once",
      "[[fault:400]] is always wrong",
      "[[fault:500]] always fails",
      "[[fault:empty-body]] never says anything",
    ];
    const id = await project.startRun(
      { type: "prompts", prompts },
      { max_attempts: 2 },
    );
    const run = await project.untilOver(id, 60);
    assertEquals(run.status, "completed");
    assertEquals([run.succeeded, run.failed], [6, 3]);
    await project.checkInvariants(id);
    const rows = await project.sql`
      select prompt, success, error, attempts, metadata ->> 'errorCode' as code
      from prompt_evaluations where run_id = ${id} order by id
    `;
    const of = (word: string) =>
      rows.find(({ prompt }) => prompt.includes(word))!;
    assertEquals(of("fails once").attempts, 2);
    assertEquals(of("too fast").attempts, 1, "a rate limit burns no attempt");
    assertEquals([of("always wrong").attempts, of("always wrong").code], [
      1,
      "http_400",
    ]);
    assertEquals([of("always fails").attempts, of("always fails").code], [
      2,
      "http_500",
    ]);
    assertEquals(of("never says").success, false);
    assert(
      rows.filter(({ success }) => !success).every(({ error }) =>
        error.length > 10
      ),
    );
    const errors = await project.sql`
      select key, final from pipeline_errors where run_id = ${id}
    `;
    assert(errors.some(({ final }) => !final), "retries are visible too");
  }));

Deno.test("a model that is too slow times out and the prompt fails with that reason", () =>
  withProject(async (project) => {
    const id = await project.startRun(
      { type: "prompts", prompts: ["[[latency:3000]] slow", "quick"] },
      { max_attempts: 1 },
    );
    const run = await project.untilOver(id);
    assertEquals([run.succeeded, run.failed], [1, 1]);
    const [row] = await project.sql`
      select metadata ->> 'errorCode' as code, duration_ms
      from prompt_evaluations where run_id = ${id} and not success
    `;
    assertEquals(row.code, "timeout");
    assert(
      row.duration_ms >= 1000 && row.duration_ms < 2500,
      `${row.duration_ms} ms`,
    );
  }, { endpoint: { timeout_seconds: 1 } }));

Deno.test("a wrong key pauses the run before more than max_concurrency calls, and resuming goes on", () =>
  withProject(async (project) => {
    project.model.configure({ apiKey: "right" });
    const prompts = Array.from({ length: 200 }, (_, n) => `prompt ${n}`);
    const id = await project.startRun(
      { type: "prompts", prompts },
      { max_concurrency: 5 },
    );
    const paused = await until(async () => {
      const run = await project.run(id);
      return run.status === "paused" ? run : null;
    });
    assertMatch(paused.error!, /401.*resume_pipeline_run\(\d+\)/s);
    await until(async () => {
      const [{ leased }] = await project.sql`
        select count(*)::integer as leased from pipeline_tasks where status = 'leased'
      `;
      return leased === 0 ? true : null;
    });
    assert(project.model.count() <= 5, `${project.model.count()} calls`);
    assertEquals([paused.succeeded, paused.failed], [0, 0]);

    await project.sql`select pipeline_set_secret('MODEL_KEY', 'right')`;
    await project.sql`
      update model_endpoints set headers = '{"Authorization": "Bearer {{secret:MODEL_KEY}}"}'
    `;
    await project.sql`select resume_pipeline_run(${id})`;
    const run = await project.untilOver(id);
    assertEquals([run.status, run.succeeded], ["completed", 200]);
    await project.checkInvariants(id);
  }));

Deno.test("a Retry-After is obeyed by every worker of every run", () =>
  withProject(async (project) => {
    project.model.configure({ retryAfter: "3" });
    const first = await project.startRun({
      type: "prompts",
      prompts: ["[[fault:429x1]] limited"],
    });
    await until(() => Promise.resolve(project.model.count() === 1 || null));
    const second = await project.startRun({
      type: "prompts",
      prompts: ["other"],
    });
    await project.untilOver(first);
    await project.untilOver(second);
    const [limited, ...rest] = project.model.requests;
    assertEquals(limited.status, 429);
    assert(rest.length >= 2);
    for (const request of rest) {
      // The other run may have sent its call before the answer with the limit was stored.
      const wait = request.time - limited.time;
      assert(wait < 150 || wait >= 2_900, `a call after ${wait} ms`);
    }
  }));

async function until<Result>(
  ask: () => Promise<Result | null>,
  seconds = 15,
): Promise<Result> {
  const deadline = Date.now() + seconds * 1000;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== null) return answer;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  throw new Error(`It did not happen within ${seconds} s`);
}
