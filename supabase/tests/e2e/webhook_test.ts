import { assertEquals, assertMatch } from "@std/assert";
import { Webhook } from "standardwebhooks";
import { numberedPrompts, type Project, withProject } from "./project.ts";

interface Received {
  id: string;
  type: string;
  status: number;
}

/** A receiver that verifies signatures and answers with `statuses` in turn, then with 204. */
function startReceiver(secret: string, statuses: number[]) {
  const received: Received[] = [];
  const webhook = new Webhook(secret);
  const server = Deno.serve(
    { port: 0, onListen: () => {} },
    async (request) => {
      const headers = Object.fromEntries(request.headers);
      const event = webhook.verify(await request.text(), headers) as {
        type: string;
        data: { runId: number };
      };
      const status = statuses.shift() ?? 204;
      received.push({ id: headers["webhook-id"], type: event.type, status });
      return new Response(null, { status });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/hook`,
    received,
    stop: () => server.shutdown(),
  };
}

async function until(condition: () => boolean | Promise<boolean>) {
  for (let tries = 0; !await condition(); tries++) {
    if (tries > 400) throw new Error("It did not come to pass within 20 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function withReceiver(
  statuses: number[],
  test: (
    project: Project,
    receiver: ReturnType<typeof startReceiver>,
  ) => Promise<void>,
) {
  await withProject(async (project) => {
    const [{ secret }] = await project
      .sql`select pipeline_webhook_secret() as secret`;
    const receiver = startReceiver(secret, statuses);
    try {
      await test(project, receiver);
    } finally {
      await receiver.stop();
    }
  });
}

Deno.test("a receiver that fails and recovers accepts every event once, in order", () =>
  withReceiver([500, 302, 503], async (project, { url, received }) => {
    const { sql } = project;
    const id = await project.startRun(
      { type: "prompts", prompts: numberedPrompts(500) },
      { evaluation_webhook: url, max_concurrency: 1 },
    );
    await sql`select pause_pipeline_run(${id})`;
    await sql`select resume_pipeline_run(${id})`;
    await sql`select pause_pipeline_run(${id})`;
    await sql`select resume_pipeline_run(${id})`;
    await sql`select cancel_pipeline_run(${id})`;
    const last = await project.startRun({ type: "prompts", prompts: ["a"] }, {
      evaluation_webhook: url,
    });
    await project.untilOver(last);
    // The clock of the schedule is moved, not waited for.
    await until(async () => {
      await sql`
        update pipeline_tasks set available_at = now()
        where stage = 'notify' and status = 'pending' and available_at > now()
      `;
      await sql`select maintain_pipeline()`;
      const [{ open }] = await sql`
        select count(*)::integer as open from pipeline_tasks
        where stage = 'notify' and status in ('pending', 'leased')
      `;
      return open === 0;
    });
    const accepted = received.filter(({ status }) => status === 204);
    assertEquals(
      new Set(accepted.map(({ id }) => id)).size,
      accepted.length,
      "no event is accepted twice",
    );
    assertEquals(accepted.map(({ type }) => type).sort(), [
      "pipeline.run.completed",
      "pipeline.run.paused",
      "pipeline.run.paused",
    ]);
    const events = await sql`
      select key from pipeline_tasks where stage = 'notify' and run_id = ${id} order by id
    `;
    assertEquals(
      accepted.filter(({ type }) => type.endsWith("paused")).map(({ id }) =>
        id
      ),
      events.map(({ key }) => key),
      "events of a run arrive in the order in which they happened",
    );
    const deliveries = await sql`
      select status_code, delivered from pipeline_webhook_deliveries order by id
    `;
    assertEquals(
      deliveries.map(({ status_code }) => status_code).sort(),
      received.map(({ status }) => status).sort(),
      "every attempt is a row",
    );
    assertEquals(deliveries.filter(({ delivered }) => delivered).length, 3);
  }));

Deno.test("410 ends an event, and resend_pipeline_webhook() delivers it again", () =>
  withReceiver([410], async (project, { url, received }) => {
    const { sql } = project;
    const id = await project.startRun(
      { type: "prompts", prompts: numberedPrompts(2) },
      { evaluation_webhook: url },
    );
    await project.untilOver(id);
    await until(async () =>
      (await sql`select from pipeline_webhook_deliveries`).length === 1
    );
    const [delivery] = await sql`
      select event_id, delivered, error, next_attempt_at from pipeline_webhook_deliveries
    `;
    assertEquals([delivery.delivered, delivery.next_attempt_at], [false, null]);
    assertMatch(delivery.error, /410/);
    await sql`select resend_pipeline_webhook(${delivery.event_id})`;
    await until(() => received.length === 2);
    assertEquals(received.map(({ id }) => id), [
      received[0].id,
      received[0].id,
    ]);
    const [{ secrets }] = await sql`
      select count(*)::integer as secrets from vault.secrets where name = 'pipeline_webhook_secret'
    `;
    assertEquals(secrets, 1);
  }));
