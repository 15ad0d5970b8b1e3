import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { numberedPrompts, type Project, withProject } from "./project.ts";

async function until(ask: () => Promise<boolean>, seconds = 10) {
  const startedAt = Date.now();
  while (Date.now() - startedAt < seconds * 1000) {
    if (await ask()) return Date.now() - startedAt;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  throw new Error(`It did not happen within ${seconds} s`);
}

const nothingLeased = (project: Project) => async () => {
  const [{ leased }] = await project.sql`
    select count(*)::integer as leased from pipeline_tasks where status = 'leased'
  `;
  return leased === 0;
};

function startLongRun(project: Project): Promise<number> {
  project.model.configure({ latency: 500 });
  return project.startRun(
    { type: "prompts", prompts: numberedPrompts(400) },
    { max_concurrency: 10 },
  );
}

Deno.test("an UPDATE to paused stops a run within 5 s, and to running goes on with it", () =>
  withProject(async (project) => {
    const id = await startLongRun(project);
    await until(() => Promise.resolve(project.model.count() > 20));
    await project
      .sql`update pipeline_runs set status = 'paused' where id = ${id}`;
    const waited = await until(nothingLeased(project));
    assert(waited < 5_500, `${waited} ms`);
    const calls = project.model.count();
    await project.sql`select maintain_pipeline()`;
    assertStrictEquals(
      project.model.count(),
      calls,
      "nothing is called while paused",
    );
    project.model.configure({ latency: 10 });
    await project
      .sql`update pipeline_runs set status = 'running' where id = ${id}`;
    const run = await project.untilOver(id);
    assertEquals([run.status, run.succeeded], ["completed", 400]);
    await project.checkInvariants(id);
  }));

Deno.test("cancel_pipeline_run() ends a run and keeps what is stored", () =>
  withProject(async (project) => {
    const id = await startLongRun(project);
    await until(() => Promise.resolve(project.model.count() > 20));
    await project.sql`select cancel_pipeline_run(${id})`;
    const waited = await until(nothingLeased(project));
    assert(waited < 5_500, `${waited} ms`);
    const run = await project.run(id);
    assertEquals(run.status, "cancelled");
    assertEquals(run.open, 0);
    assert(run.succeeded > 0 && run.succeeded < 400);
    await project.checkInvariants(id);
  }));

Deno.test("raising max_concurrency takes effect within 5 s", () =>
  withProject(async (project) => {
    project.model.configure({ latency: 400 });
    const id = await project.startRun(
      { type: "prompts", prompts: numberedPrompts(400) },
      { max_concurrency: 2 },
    );
    await until(() => Promise.resolve(project.model.count() > 4));
    assertEquals(project.model.peakInFlight(), 2);
    await project
      .sql`update pipeline_runs set max_concurrency = 40 where id = ${id}`;
    const waited = await until(() =>
      Promise.resolve(project.model.peakInFlight() === 40)
    );
    assert(waited < 5_500, `${waited} ms`);
    await project.untilOver(id);
    assert(project.model.peakInFlight() <= 40);
  }));

Deno.test("retry_pipeline_run() calls only what failed and stores it in the same rows", () =>
  withProject(async (project) => {
    const id = await project.startRun({
      type: "prompts",
      prompts: [...numberedPrompts(5), "[[fault:400x1]] once"],
    });
    const before = await project.untilOver(id);
    assertEquals([before.succeeded, before.failed], [5, 1]);
    const calls = project.model.count();
    await project.sql`select retry_pipeline_run(${id})`;
    const after = await project.untilOver(id);
    assertEquals([after.succeeded, after.failed], [6, 0]);
    assertEquals(project.model.count(), calls + 1);
    await project.checkInvariants(id);
  }));
