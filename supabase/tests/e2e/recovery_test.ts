import { assert, assertEquals } from "@std/assert";
import { numberedPrompts, type Project, withProject } from "./project.ts";

/** Resolves when so many prompts of the run are stored. */
async function untilStored(project: Project, runId: number, count: number) {
  for (let waited = 0; waited < 30_000; waited += 20) {
    const [{ stored }] = await project.sql`
      select count(*)::integer as stored from prompt_evaluations where run_id = ${runId}
    `;
    if (stored >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`Less than ${count} prompts are stored after 30 s`);
}

/** Loses every wake but those of maintenance, as pg_net may. */
async function loseWakesButTheSweeps(project: Project) {
  await project.sql.unsafe(`
    create function net.lose_wake() returns trigger language plpgsql as $$
    begin
      if convert_from(new.body, 'UTF8')::jsonb ->> 'reason' = 'maintenance' then
        return new;
      end if;
      return null;
    end;
    $$;
    create trigger lose_wake before insert on net.http_request_queue
    for each row execute function net.lose_wake();
  `);
}

Deno.test("a run completes from maintenance alone when every other wake is lost", () =>
  withProject(async (project) => {
    await loseWakesButTheSweeps(project);
    await project.upload(
      "a.jsonl",
      numberedPrompts(100).map((content) =>
        JSON.stringify({ messages: [{ role: "user", content }] })
      ).join("\n"),
    );
    const id = await project.startRun({ type: "supabase", bucket: "archives" });
    const run = await project.untilOver(id, 90);
    assertEquals([run.status, run.succeeded], ["completed", 100]);
    await project.checkInvariants(id);
    const reasons = await project.sql`
      select distinct reason from pipeline.workers where started_at is not null
    `;
    assertEquals(reasons.map(({ reason }) => reason), ["maintenance"]);
  }));

Deno.test("a wake that arrives three times starts one worker and stores nothing twice", () =>
  withProject(async (project) => {
    const id = await project.startRun({
      type: "prompts",
      prompts: numberedPrompts(300),
    });
    const run = await project.untilOver(id);
    assertEquals([run.status, run.succeeded], ["completed", 300]);
    await project.checkInvariants(id);
    assertEquals(project.model.count(), 300);
    const [{ workers }] = await project.sql`
      select count(*)::integer as workers from pipeline.workers
    `;
    assertEquals(workers, 1);
  }, { wakes: "triple" }));

Deno.test("a token that was used, is unknown or belongs to another worker starts nothing", () =>
  withProject(async (project) => {
    await project.sql.unsafe(`
      create table net.kept (body text);
      grant insert on net.kept to public;
      create function net.keep_wake() returns trigger language plpgsql as $$
      begin
        insert into net.kept values (convert_from(new.body, 'UTF8'));
        return new;
      end;
      $$;
      create trigger keep_wake before insert on net.http_request_queue
      for each row execute function net.keep_wake();
    `);
    const id = await project.startRun({ type: "prompts", prompts: ["one"] });
    await project.untilOver(id);
    const [{ body }] = await project.sql`select body from net.kept limit 1`;
    const wake = JSON.parse(body);
    for (
      const attempt of [
        wake,
        { ...wake, token: "guessed" },
        { ...wake, workerId: crypto.randomUUID() },
      ]
    ) {
      const response = await fetch(
        `${project.url}/functions/v1/pipeline-worker`,
        { method: "POST", body: JSON.stringify(attempt) },
      );
      assertEquals(response.status, 401);
      assertEquals((await response.json()).code, "unauthorized");
    }
  }));

Deno.test("a run survives kill -9 of the functions in its middle", () =>
  withProject(async (project) => {
    project.model.configure({ latency: 300 });
    const id = await project.startRun({
      type: "prompts",
      prompts: numberedPrompts(500),
    });
    await untilStored(project, id, 100);
    await project.kill("functions");
    await project.endLeases();
    const run = await project.untilOver(id, 90);
    assertEquals([run.status, run.succeeded, run.failed], [
      "completed",
      500,
      0,
    ]);
    await project.checkInvariants(id);
    assert(
      project.model.count() <= 500 + 100,
      `${project.model.count()} calls`,
    );
  }));

Deno.test("a run survives kill -9 of Postgres in its middle", () =>
  withProject(async (project) => {
    project.model.configure({ latency: 300 });
    const id = await project.startRun({
      type: "prompts",
      prompts: numberedPrompts(500),
    });
    await untilStored(project, id, 100);
    await project.kill("postgres");
    await project.ready();
    const run = await project.untilOver(id, 90);
    assertEquals([run.status, run.succeeded, run.failed], [
      "completed",
      500,
      0,
    ]);
    await project.checkInvariants(id);
    // What dies of a shared stack could be missed by the test after this one.
  }, { renewable: false }));

Deno.test("a run outlives its workers by handing over", () =>
  withProject(async (project) => {
    project.model.configure({ latency: 200 });
    const id = await project.startRun(
      { type: "prompts", prompts: numberedPrompts(300) },
      { max_concurrency: 5 },
    );
    const run = await project.untilOver(id, 60);
    assertEquals([run.status, run.succeeded], ["completed", 300]);
    await project.checkInvariants(id);
    assertEquals(project.model.count(), 300);
    const successors = await project.sql`
      select successor.started_at < predecessor.ended_at as overlaps
      from pipeline.workers as successor
      join pipeline.workers as predecessor on predecessor.id = successor.replaces
      where successor.reason = 'successor' and successor.started_at is not null
    `;
    assert(successors.length >= 1, "no worker handed over");
    assert(
      successors.every(({ overlaps }) => overlaps),
      "a successor began after its predecessor had ended",
    );
  }, { functionEnv: { WORKER_SECONDS: "5" } }));
