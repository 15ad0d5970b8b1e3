import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  countTurns,
  createLiveTable,
  startLiveApp,
} from "../../../scripts/chaos/live_app.ts";
import { pipeline } from "./command_line.ts";
import { type Project, withProject } from "./project.ts";

const JUDGE = { type: "rubric", rubric: "Is it polite?", endpoint: "model" };

async function startWatch({ sql }: Project, columns: Record<string, unknown>) {
  const [{ id }] = await sql`insert into pipeline_watches ${
    sql({
      name: "live",
      source: sql.json({
        type: "table",
        table: "live_messages",
        settle: "3 seconds",
      }),
      ...columns,
    } as never)
  } returning id`;
  return Number(id);
}

/** Lets time run faster than pg_cron does, until it is true. */
async function maintainUntil(
  { sql }: Project,
  isDone: () => Promise<boolean>,
  seconds = 60,
) {
  const deadline = Date.now() + seconds * 1000;
  while (!await isDone()) {
    assert(Date.now() < deadline, `It is not so after ${seconds} s`);
    await sql`update pipeline_tasks set available_at = now() where key = 'source' and status = 'pending'`;
    await sql`select maintain_pipeline()`;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

// Two minutes of it, in the time of pg_cron: deno task bench watch.
Deno.test("each turn of a live app is scored once or skipped by the sample, while workers are killed", () =>
  withProject(async (project) => {
    const { sql } = project;
    await createLiveTable(sql);
    project.model.configure({
      latency: 20,
      answer: () => '{"reason": "Good.", "score": 4}',
    });
    const id = await startWatch(project, {
      evaluators: sql.json(["refusal", JUDGE]),
      sample: 0.5,
      max_cost_per_day: 5,
    });
    const app = startLiveApp(sql, 50);
    const started = Date.now();
    const untilMs = (ms: number) =>
      maintainUntil(project, () => Promise.resolve(Date.now() - started > ms));
    await untilMs(2_500);
    await project.kill("functions");
    await project.endLeases();
    await untilMs(5_000);
    await app.stop();
    await maintainUntil(project, async () => {
      const [{ open, waiting }] = await sql`
        select
          (select count(*)::integer from pipeline_tasks where status in ('pending', 'leased') and key <> 'source') as open,
          (select max(waiting)::integer from pipeline_watch_status) as waiting
      `;
      const { wrong } = await countTurns(sql, id, new Date());
      return open + waiting + wrong === 0;
    });
    const turns = await countTurns(sql, id, new Date());
    assert(turns.asked > 80, `${turns.asked} turns`);
    assertEquals(turns.wrong, 0);
    assert(turns.unanswered > 0 && turns.skipped > 0 && turns.scored > 0);
    assertEquals(
      await sql`select broken, detail from check_pipeline_invariants()`.then((
        rows,
      ) => [...rows]),
      [],
    );
    const [status] = await sql`
      select answered::integer, unanswered::integer, skipped::integer, problem, lag < '1 minute' as keeps_up,
        spent_today::double precision as spent
      from pipeline_watch_status where evaluator = 'refusal'
    `;
    assertEquals({ ...status, spent: 0 }, {
      answered: turns.scored,
      unanswered: turns.unanswered,
      skipped: turns.skipped,
      problem: null,
      keeps_up: true,
      spent: 0,
    });
    assert(status.spent > 0 && status.spent <= 5);
  }, {
    endpoint: { input_cost: 1, output_cost: 1, max_output_tokens: 100 },
  }));

Deno.test("a watch from the command line tells its alarm by a signed event", () =>
  withProject(async (project) => {
    const { sql } = project;
    const received: { body: string; signature: string | null }[] = [];
    const receiver = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request) => {
        received.push({
          body: await request.text(),
          signature: request.headers.get("webhook-signature"),
        });
        return new Response();
      },
    );
    try {
      await createLiveTable(sql);
      await sql`insert into pipeline_webhook_hosts (host) values ('127.0.0.1')`;
      const made = await pipeline(project, [
        "watch",
        "public.live_messages",
        "--name=live",
        `--evaluators=${
          JSON.stringify([{ type: "contains", text: "sorry", not: true }])
        }`,
        "--window=20",
        '--approved={"not-contains": 1}',
        `--webhook=http://127.0.0.1:${receiver.addr.port}/hook`,
        "--json",
      ]);
      assertEquals([made.code, made.stderr, made.stdout], [
        0,
        "",
        '{"watchId":1}\n',
      ]);
      await sql`
        insert into live_messages (chat_id, role, content)
        select chat, role, content from generate_series(1, 30) as chat
        cross join (values ('user', 'Where is it?'), ('assistant', 'I am sorry, I do not know')) as said (role, content)
        order by chat, role desc
      `;
      await maintainUntil(project, () => Promise.resolve(received.length > 0));
      const event = JSON.parse(received[0].body);
      assertEquals(
        [event.type, event.data.name, event.data.turns, event.data.baseline],
        ["pipeline.watch.alarm", "live", 30, 1],
      );
      assert(received[0].signature?.startsWith("v1,"));
      const shown = await pipeline(project, ["watch", "--json"]);
      assertEquals([shown.code, JSON.parse(shown.stdout)[0].alarm], [
        3,
        "alarm",
      ]);
      assertMatch(
        (await pipeline(project, ["watch"])).stdout,
        /live +not-cont/,
      );
    } finally {
      await receiver.shutdown();
    }
  }));
