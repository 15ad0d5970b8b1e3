import { assertEquals } from "@std/assert";
import postgres from "postgres";
import { startReading } from "../tables/start_reading.ts";

// Not pgTAP tests, because tables are read by the code of the workers.

let reading: Awaited<ReturnType<typeof startReading>>;

Deno.test.beforeAll(async () => {
  reading = await startReading();
});

Deno.test.afterAll(async () => await reading[Symbol.asyncDispose]());

/** A watch over a table, from 2026-01-01 10:00 UTC on. */
async function startWatch(
  table: string,
  columns: Record<string, unknown> = {},
) {
  const { sql, work, asked } = reading;
  const [{ id }] = await sql`insert into pipeline_watches ${
    sql({
      name: table,
      source: sql.json({ type: "table", table }),
      evaluators: sql.json(["refusal"]),
      created_at: "2026-01-01 10:00Z",
      ...columns,
    } as never)
  } returning id`;
  const seen = new Map<number, number>();

  /** What maintenance and the worker that it wakes take at a time: of all runs what is new. */
  async function scan(asOf: string): Promise<string[]> {
    await sql`select pipeline.keep_watches(${asOf})`;
    const taken: string[] = [];
    const runs =
      await sql`select id from pipeline_runs where watch_id = ${id} order by id`;
    for (const run of runs) {
      await work(run.id, asOf);
      const all = await asked(run.id);
      taken.push(...all.slice(seen.get(run.id) ?? 0));
      seen.set(run.id, all.length);
    }
    return taken;
  }

  async function state() {
    const [row] = await sql`
      select distinct answered::integer, unanswered::integer, skipped::integer, waiting::integer
      from pipeline_watch_status where id = ${id}
    `;
    return { ...row };
  }

  return { id, scan, state };
}

async function createMessages(table: string) {
  const { sql } = reading;
  await sql.unsafe(`
    create table public.${table} (
      id bigint generated always as identity primary key, chat_id int, role text, content text, created_at timestamptz
    );
    grant select on public.${table} to service_role`);
  return (
    chat: number,
    role: string,
    content: string,
    at: string,
    tx: postgres.Sql = sql,
  ) =>
    tx`insert into public.${
      tx(table)
    } (chat_id, role, content, created_at) values (${chat}, ${role}, ${content}, ${at})`;
}

Deno.test("a watch takes each turn once its answer is there, and what has none when it has waited", async () => {
  const say = await createMessages("live");
  await say(1, "user", "before", "2026-01-01 09:59Z");
  const { scan, state } = await startWatch("live");

  await say(1, "assistant", "late for what was before", "2026-01-01 10:00:01Z");
  await say(1, "user", "one", "2026-01-01 10:00:02Z");
  await say(1, "assistant", "ONE", "2026-01-01 10:00:03Z");
  await say(2, "user", "two", "2026-01-01 10:00:04Z");
  await say(3, "user", "never", "2026-01-01 10:00:05Z");
  assertEquals(await scan("2026-01-01 10:00:10Z"), ["one → ONE"]);
  assertEquals(await state(), {
    answered: 1,
    unanswered: 0,
    skipped: 0,
    waiting: 2,
  });
  assertEquals(await scan("2026-01-01 10:00:12Z"), [], "it is not due yet");

  // Its question has long left what a quick scan looks back at.
  await say(2, "assistant", "TWO", "2026-01-01 10:03Z");
  assertEquals(await scan("2026-01-01 10:03:05Z"), ["two → TWO"]);
  assertEquals(await scan("2026-01-01 10:05:00Z"), []);
  assertEquals(await scan("2026-01-01 10:05:10Z"), ["never"]);
  assertEquals(await state(), {
    answered: 2,
    unanswered: 1,
    skipped: 0,
    waiting: 0,
  });
  await say(3, "assistant", "after all", "2026-01-01 10:06Z");
  assertEquals(
    await scan("2026-01-01 10:06:10Z"),
    [],
    "what counts as unanswered stays so",
  );
});

Deno.test("between scans that look back a watch reads little, and misses nothing of an open transaction", async () => {
  const { sql, url } = reading;
  const other = postgres(url, { max: 1, onnotice: () => {} });
  try {
    const say = await createMessages("busy");
    const { id, scan } = await startWatch("busy");
    await other`begin`;
    await say(1, "user", "slow", "2026-01-01 10:01:00Z", other);
    await say(1, "assistant", "SLOW", "2026-01-01 10:01:00Z", other);
    await say(2, "user", "quick", "2026-01-01 10:01:01Z");
    await say(2, "assistant", "QUICK", "2026-01-01 10:01:02Z");
    assertEquals(await scan("2026-01-01 10:01:10Z"), ["quick → QUICK"]);
    await say(3, "user", "next", "2026-01-01 10:05:01Z");
    await say(3, "assistant", "NEXT", "2026-01-01 10:05:02Z");
    assertEquals(await scan("2026-01-01 10:05:10Z"), ["next → NEXT"]);
    await other`commit`;
    await say(4, "user", "last", "2026-01-01 10:06:01Z");
    await say(4, "assistant", "LAST", "2026-01-01 10:06:02Z");
    assertEquals(await scan("2026-01-01 10:06:10Z"), ["last → LAST"]);
    // Ten minutes after the last scan that did it looks back, an hour or to the beginning of the watch.
    assertEquals(await scan("2026-01-01 10:12:00Z"), ["slow → SLOW"]);
    assertEquals(await scan("2026-01-01 10:23:00Z"), []);
    const [{ remembered }] = await sql`
      select count(*)::integer as remembered from pipeline.taken_prompts as taken
      join pipeline.table_marks as mark on mark.id = taken.mark_id where mark.source ->> 'watch' = ${
      String(id)
    }
    `;
    assertEquals(remembered, 4);
  } finally {
    await other.end();
  }
});

Deno.test("each day of a watch is a run, and its questions go on waiting", async () => {
  const { sql } = reading;
  const say = await createMessages("daily");
  const { id, scan, state } = await startWatch("daily", {
    created_at: "2026-01-01 23:50Z",
    max_answers_per_day: 2,
  });
  await say(1, "user", "first", "2026-01-01 23:58Z");
  await say(1, "assistant", "FIRST", "2026-01-01 23:58Z");
  await say(2, "user", "waits", "2026-01-01 23:59Z");
  assertEquals(await scan("2026-01-01 23:59:30Z"), ["first → FIRST"]);
  // The scan that finds that the day is over is its last, and the next maintenance begins another.
  assertEquals(await scan("2026-01-02 00:00:00Z"), []);
  assertEquals(await scan("2026-01-02 00:00:10Z"), []);
  assertEquals((await state()).waiting, 1);
  await say(2, "assistant", "WAITED", "2026-01-02 00:01Z");
  assertEquals(await scan("2026-01-02 00:01:10Z"), ["waits → WAITED"]);
  const runs = await sql`
    select experiment_name, count(*)::integer as runs from pipeline_runs where watch_id = ${id} group by 1
  `;
  assertEquals([...runs], [{ experiment_name: "daily", runs: 2 }]);

  // More than a day may take.
  for (const text of ["a", "b", "c"]) {
    await say(9, "user", text, "2026-01-02 00:02Z");
    await say(9, "assistant", text.toUpperCase(), "2026-01-02 00:02Z");
  }
  assertEquals(await scan("2026-01-02 00:02:10Z"), ["a → A"]);
  assertEquals(await scan("2026-01-02 23:59:00Z"), []);
  const [{ task, due }] = await sql`
    select task.id as task, task.available_at as due from pipeline_tasks as task
    join pipeline_runs as run on run.id = task.run_id
    where run.watch_id = ${id} and task.key = 'source' and task.status = 'pending'
  `;
  assertEquals(due, new Date("2026-01-03T00:00:00Z"));
  // The view knows no other time than now.
  await sql`update pipeline_tasks set available_at = now() + interval '1 hour' where id = ${task}`;
  const [{ problem }] =
    await sql`select problem from pipeline_watch_status where id = ${id}`;
  assertEquals(problem.includes("max_answers_per_day of 2 is reached"), true);
  await sql`update pipeline_tasks set available_at = ${due} where id = ${task}`;
  assertEquals(await scan("2026-01-03 00:00:10Z"), ["b → B", "c → C"]);
});

Deno.test("a paused watch reads nothing and loses nothing, one that is deleted ends", async () => {
  const { sql } = reading;
  const say = await createMessages("paused");
  const { id, scan } = await startWatch("paused");
  await sql`update pipeline_watches set status = 'paused' where id = ${id}`;
  const [run] =
    await sql`select id, status from pipeline_runs where watch_id = ${id}`;
  assertEquals(run.status, "paused");
  await say(1, "user", "meanwhile", "2026-01-01 10:01Z");
  await say(1, "assistant", "MEANWHILE", "2026-01-01 10:01Z");
  await sql`update pipeline_watches set status = 'active' where id = ${id}`;
  assertEquals(await scan("2026-01-01 12:00Z"), ["meanwhile → MEANWHILE"]);
  await sql`delete from pipeline_watches where id = ${id}`;
  const [{ status, evaluations, marks }] = await sql`
    select status, (select count(*)::integer from prompt_evaluations where run_id = ${run.id}) as evaluations,
      (select count(*)::integer from pipeline.table_marks as mark where mark.source ->> 'watch' = ${
    String(id)
  }) as marks
    from pipeline_runs where id = ${run.id}
  `;
  assertEquals({ status, evaluations, marks }, {
    status: "cancelled",
    evaluations: 1,
    marks: 0,
  });
});

Deno.test("a watch whose table is gone says so, and goes on when it is back", async () => {
  const { sql } = reading;
  const say = await createMessages("gone");
  const { id, scan } = await startWatch("gone");
  await sql`alter table public.gone rename to moved`;
  // What a worker makes of it, whose task then has failed.
  await sql`update pipeline_tasks set status = 'failed', error = 'gone', finished_at = now() where run_id in (
    select id from pipeline_runs where watch_id = ${id})`;
  await sql`update pipeline_runs set open = 0, status = 'failed', error = 'gone' where watch_id = ${id}`;
  const problem = async () =>
    (await sql`select problem from pipeline_watch_status where id = ${id}`)[0]
      .problem;
  assertEquals(await problem(), "gone", "until it is tried again");
  assertEquals(await scan("2026-01-01 10:01Z"), []);
  assertEquals(
    await problem(),
    'Cannot read table "gone": there is none of that name',
  );
  await sql`alter table public.moved rename to gone`;
  await say(1, "user", "back", "2026-01-01 10:02Z");
  await say(1, "assistant", "BACK", "2026-01-01 10:02Z");
  assertEquals(
    await scan("2026-01-01 10:05Z"),
    [],
    "it tries again after five minutes",
  );
  assertEquals(await scan("2026-01-01 10:06Z"), ["back → BACK"]);
  assertEquals(await problem(), null);
});

Deno.test("what a day takes of a page of old rows it takes once", async () => {
  const say = await createMessages("backlog");
  const { scan } = await startWatch("backlog", {
    max_answers_per_day: 2,
  });
  for (const [chat, text] of ["a", "b", "c", "d", "e"].entries()) {
    await say(chat, "user", text, `2026-01-01 1${chat}:01Z`);
    await say(
      chat,
      "assistant",
      text.toUpperCase(),
      `2026-01-01 1${chat}:02Z`,
    );
  }
  // Longer ago than a scan looks back.
  assertEquals(await scan("2026-01-01 23:00Z"), ["a → A", "b → B"]);
  assertEquals(await scan("2026-01-02 00:00:10Z"), ["c → C", "d → D"]);
  assertEquals(await scan("2026-01-03 00:00:10Z"), ["e → E"]);
});

Deno.test("a watch of a table with a row of the far future begins today", async () => {
  const say = await createMessages("future");
  await say(1, "user", "planned", "2099-01-01 00:00Z");
  const { scan } = await startWatch("future");
  await say(2, "user", "one", "2026-01-01 10:01Z");
  await say(2, "assistant", "ONE", "2026-01-01 10:01Z");
  assertEquals(await scan("2026-01-01 10:02Z"), ["one → ONE"]);
});
