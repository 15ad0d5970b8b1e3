import { assertEquals } from "@std/assert";
import postgres from "postgres";
import { startReading } from "./start_reading.ts";

// Not a pgTAP test, because transactions overlap.

let reading: Awaited<ReturnType<typeof startReading>>;

Deno.test.beforeAll(async () => {
  reading = await startReading();
});

Deno.test.afterAll(async () => await reading[Symbol.asyncDispose]());

Deno.test("a scan of what is new misses no transaction that was open, and takes nothing twice", async () => {
  const { sql, url, run } = reading;
  const other = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await sql`create table public.messages (
      id bigint generated always as identity primary key, chat_id int, role text, content text, created_at timestamptz
    )`;
    await sql`create table public.untimed (
      id bigint generated always as identity primary key, session_id text, message jsonb
    )`;
    await sql`grant select on public.messages, public.untimed to service_role`;
    const say = (tx: postgres.Sql, content: string, at: string) =>
      tx`with timed as (
        insert into public.messages (chat_id, role, content, created_at)
        values (1, 'user', ${content}, ${at}), (1, 'assistant', ${content.toUpperCase()}, ${at})
      )
      insert into public.untimed (session_id, message)
      values ('1', jsonb_build_object('type', 'human', 'content', ${content}::text)),
        ('1', jsonb_build_object('type', 'ai', 'content', upper(${content})))`;
    const timed = { table: "messages", after: "last run", settle: "0" };
    const untimed = {
      table: "untimed",
      after: "last run",
      settle: "0",
      overlap: 10,
    };

    await say(sql, "before", "2026-01-01 10:00Z");
    assertEquals(await run(timed, "2026-01-01 10:05Z"), ["before → BEFORE"]);
    assertEquals(await run(untimed, "2026-01-01 10:05Z"), ["before → BEFORE"]);

    // Written first, committed last.
    await other`begin`;
    await say(other, "late", "2026-01-01 10:06Z");
    await say(sql, "early", "2026-01-01 10:07Z");
    assertEquals(await run(timed, "2026-01-01 10:30Z"), ["early → EARLY"]);
    assertEquals(await run(untimed, "2026-01-01 10:30Z"), ["early → EARLY"]);
    await other`commit`;
    assertEquals(await run(timed, "2026-01-01 10:50Z"), ["late → LATE"]);
    assertEquals(await run(untimed, "2026-01-01 10:50Z"), ["late → LATE"]);
    assertEquals(await run(timed, "2026-01-01 10:55Z"), []);
    assertEquals(await run(untimed, "2026-01-01 10:55Z"), []);

    // What the mark has passed is forgotten, and not asked again.
    await say(sql, "next day", "2026-01-02 10:00Z");
    assertEquals(await run(timed, "2026-01-02 10:10Z"), [
      "next day → NEXT DAY",
    ]);
    const [{ remembered }] = await sql`
      select count(*)::integer as remembered from pipeline.taken_prompts as taken
      join pipeline.table_marks as mark on mark.id = taken.mark_id where mark.source ->> 'table' = 'messages'
    `;
    assertEquals(remembered, 1);
    assertEquals(await run(timed, "2026-01-02 10:20Z"), []);

    // Of another source nothing was taken; forgotten, all is new.
    assertEquals(
      (await run(
        { ...timed, where: { role: ["user", "assistant"] } },
        "2026-01-02 10:20Z",
      )).length,
      4,
    );
    await sql`select forget_prompt_source('{"type": "table", "table": "messages", "after": "last run"}')`;
    assertEquals((await run(timed, "2026-01-02 10:30Z")).length, 4);
  } finally {
    await other.end();
  }
});

Deno.test("a transaction that is open for longer than the overlap is read back to", async () => {
  const { sql, url, run } = reading;
  const other = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await sql`create table public.slow (
      id int primary key, chat_id int, role text, content text, created_at timestamptz default now()
    )`;
    await sql`grant select on public.slow to service_role`;
    await other`begin`;
    await other`insert into public.slow values (1, 1, 'user', 'slow')`;
    await sql`insert into public.slow values (2, 2, 'user', 'quick')`;
    const source = { table: "slow", after: "last run", settle: "0" };
    const inHours = (hours: number) =>
      new Date(Date.now() + hours * 3_600_000).toISOString();
    assertEquals(await run(source, inHours(5)), ["quick"]);
    // Of numbers, nothing tells which of them it has.
    const [{ told }] = await sql`
      select array_agg(pipeline.first_cursor(pipeline.table_reading(source), source, null, ${
      inHours(5)
    }) ? 'oldestTransaction' order by source) as told
      from unnest(array[
        '{"type": "table", "table": "slow", "after": "last run"}'::jsonb,
        '{"type": "table", "table": "untimed", "after": "last run"}'
      ]) as source
    `;
    assertEquals(told, [true, false]);
    await other`commit`;
    assertEquals(await run(source, inHours(6)), ["slow"]);
    assertEquals(await run(source, inHours(7)), []);
  } finally {
    await other.end();
  }
});

Deno.test("a question waits for its answer as long as settle says, and max_prompts leaves the rest to the next run", async () => {
  const { sql, run, work, asked } = reading;
  await sql`create table public.waiting (
    id int primary key, chat_id int, role text, content text, created_at timestamptz
  )`;
  await sql`grant select on public.waiting to service_role`;
  await sql`insert into public.waiting values
    (1, 1, 'user', 'answered', '2026-01-01 10:00Z'), (2, 1, 'assistant', 'yes', '2026-01-01 10:01Z'),
    (3, 1, 'user', 'open', '2026-01-01 10:09Z'), (4, 2, 'user', 'left alone', '2026-01-01 09:00Z')`;
  const source = { table: "waiting" };
  const before = await run(source, "2026-01-01 10:10Z");
  assertEquals(before, ["answered → yes", "left alone"]);
  const [{ id, notice }] =
    await sql`select id, notice from pipeline_runs order by id desc limit 1`;
  assertEquals(
    notice,
    "Questions of the last minutes wait for their answers in the table until 10:14 UTC (settle)",
  );
  await sql`insert into public.waiting values (5, 1, 'assistant', 'late', '2026-01-01 10:12Z')`;
  await work(id, "2026-01-01 10:13Z");
  assertEquals(await asked(id), before);
  await work(id, "2026-01-01 10:14Z");
  assertEquals(await asked(id), [...before, "open → late"]);

  const news = { ...source, after: "last run" };
  const limited = { max_prompts: 2 };
  assertEquals(await run(news, "2026-01-01 10:30Z", limited), [
    "answered → yes",
    "open → late",
  ]);
  assertEquals(await run(news, "2026-01-01 10:31Z", limited), ["left alone"]);
  assertEquals(await run(news, "2026-01-01 10:32Z", limited), []);
});

Deno.test("of rows that grow, what was asked before is never asked again", async () => {
  const { sql, run } = reading;
  await sql`create table public.chats (id text primary key, messages jsonb, created_at timestamptz, updated_at timestamptz)`;
  await sql`grant select on public.chats to service_role`;
  const turn = (text: string) => [
    { role: "user", content: text },
    { role: "assistant", content: text.toUpperCase() },
  ];
  await sql`insert into public.chats values
    ('a', ${
    sql.json([...turn("one"), ...turn("go on")])
  }, '2026-01-01 10:00Z', null)`;
  const source = { table: "chats", after: "last run", settle: "0" };
  assertEquals(await run(source, "2026-01-01 10:10Z"), [
    "one → ONE",
    "go on → GO ON",
  ]);
  await sql`update public.chats set updated_at = '2026-03-01 10:00Z', messages = ${
    sql.json([...turn("one"), ...turn("go on"), ...turn("go on")])
  }`;
  assertEquals(await run(source, "2026-03-01 10:10Z"), ["go on → GO ON"]);
  assertEquals(await run(source, "2026-03-01 10:20Z"), []);
});
