import { assertEquals } from "@std/assert";
import { type Project, withProject } from "./project.ts";

interface Wake {
  stage: string;
  runId: number;
  workerId: string;
  token: string;
}

/** Keeps a copy of every wake: those in pg_net's queue are gone as soon as its worker has looked. */
async function keepWakes(project: Project): Promise<void> {
  await project.sql.unsafe(`
    create table net.kept (body jsonb);
    grant insert on net.kept to public;
    create function net.keep_wake() returns trigger language plpgsql as $$
    begin
      insert into net.kept values (convert_from(new.body, 'UTF8')::jsonb);
      return new;
    end;
    $$;
    create trigger keep_wake before insert on net.http_request_queue
    for each row execute function net.keep_wake();
  `);
}

/** Starts a run whose wake is never sent, and returns it. */
async function takeWake(project: Project): Promise<Wake> {
  const id = await project.startRun({ type: "prompts", prompts: ["one"] });
  const [{ body }] = await project.sql`
    select body from net.kept where (body ->> 'runId')::bigint = ${id}
  `;
  return body;
}

async function send(project: Project, wake: object): Promise<number> {
  const response = await fetch(`${project.url}/functions/v1/pipeline-worker`, {
    method: "POST",
    body: JSON.stringify(wake),
  });
  await response.body?.cancel();
  return response.status;
}

Deno.test("POST /pipeline-worker takes a token once, for its own worker, for a minute", () =>
  withProject(async (project) => {
    await keepWakes(project);
    const first = await takeWake(project);
    const second = await takeWake(project);
    const late = await takeWake(project);
    await project.sql`
      update pipeline.workers set dispatched_at = now() - interval '61 seconds'
      where id = ${late.workerId}
    `;
    const refused: Record<string, object> = {
      "expired": late,
      "of another worker": { ...first, token: second.token },
      "with another case": { ...first, token: first.token.toUpperCase() },
      "shortened": { ...first, token: first.token.slice(0, -1) },
      "with a space": { ...first, token: `${first.token} ` },
      "the hash that is stored": {
        ...first,
        token: (await project.sql`
          select encode(token_hash, 'hex') as hash from pipeline.workers
          where id = ${first.workerId}
        `)[0].hash,
      },
      "a wildcard": { ...first, token: "%" },
      "SQL": { ...first, token: "' or true --" },
    };
    for (const [what, wake] of Object.entries(refused)) {
      assertEquals(await send(project, wake), 401, what);
    }
    for (
      const malformed of [
        {},
        { workerId: first.workerId },
        { ...first, token: "" },
        { ...first, token: null },
        { ...first, token: [first.token] },
        { ...first, workerId: "' or true --" },
      ]
    ) {
      assertEquals(
        await send(project, malformed),
        400,
        JSON.stringify(malformed),
      );
    }
    assertEquals(project.model.count(), 0, "nothing was started");

    // Run and stage of the body are for people who look at it: the token knows its own.
    const lied = { ...first, runId: second.runId, stage: "notify" };
    const statuses = await Promise.all(
      [lied, lied, lied].map((wake) => send(project, wake)),
    );
    assertEquals(statuses.sort(), [202, 401, 401], "replayed at the same time");
    assertEquals((await project.untilOver(first.runId)).succeeded, 1);
    assertEquals((await project.run(second.runId)).status, "queued");
    assertEquals(await send(project, first), 401, "replayed later");

    await project.sql`select pause_pipeline_run(${second.runId})`;
    assertEquals(await send(project, second), 401, "of a run that is paused");
    await project.sql`select resume_pipeline_run(${second.runId})`;
    assertEquals(await send(project, second), 401, "spent on a paused run");
  }, { wakes: "off" }));
