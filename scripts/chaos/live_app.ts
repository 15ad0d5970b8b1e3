import { delay } from "@std/async/delay";
import type { Sql } from "postgres";
import { patiently } from "./patiently.ts";
import { refuseSome } from "./refuse_results.ts";

/** An app that answers people, as the database sees it. */
export interface LiveApp {
  /** Ends it when the last answer is written. */
  stop(): Promise<void>;
}

/** What became of what an app has written, in turns. */
export interface WatchedTurns {
  asked: number;
  /** Scored once by each evaluator of the watch. */
  scored: number;
  /** In the sample without an answer, or with one that the results table refuses, stored as such once. */
  unanswered: number;
  /** Not in the sample, and not stored. */
  skipped: number;
  /** None of these: missing, or taken more than once. */
  wrong: number;
  /** These, with times and counts. */
  wrongTurns: object[];
  /** Seconds from an answer to its last score, at worst, of turns that were asked before and after a moment. */
  slowestBefore: number;
  slowestAfter: number;
}

/** How long the app thinks. */
const THINKS_MS = 1_000;

/** A table of messages as an app has them. */
export async function createLiveTable(
  sql: Sql,
  name = "live_messages",
): Promise<void> {
  await sql.unsafe(`
    create table public.${name} (
      id bigint generated always as identity primary key, chat_id bigint not null, role text not null,
      content text not null, created_at timestamptz not null default clock_timestamp()
    );
    create index on public.${name} (chat_id);
    create index on public.${name} (created_at);
    grant select on public.${name} to service_role`);
}

/** Has a watch score what the app writes, into a table of its own, which refuses some of it. */
export async function startWatch(sql: Sql): Promise<number> {
  await createLiveTable(sql);
  await sql`select create_evaluations_table('live_answers')`;
  await refuseSome(sql, "live_answers");
  const [{ id }] = await sql`
    insert into pipeline_watches (name, source, evaluators, sample, results_table)
    values (
      'live', '{"type": "table", "table": "live_messages", "settle": "10 seconds"}',
      '["refusal", {"type": "length", "max": 1000}]', 0.8, 'live_answers'
    ) returning id
  `;
  return id;
}

/** Writes so many rows a second into it, questions and their answers; one question in fifty gets none. */
export function startLiveApp(sql: Sql, rowsPerSecond: number): LiveApp {
  let isOver = false;
  const thought = Math.round(THINKS_MS / 1000 * rowsPerSecond / 2);
  // Once, though Postgres is killed before it can say so.
  const say = (turn: number, role: string) =>
    patiently(() =>
      sql`
        insert into public.live_messages (chat_id, role, content)
        select said.chat_id, said.role, said.content
        from (values (${
        turn % 997
      }::bigint, ${role}::text, ${`${role} ${turn}`}::text)) as said (chat_id, role, content)
        where not exists (
          select from public.live_messages as known
          where known.chat_id = said.chat_id and known.content = said.content
        )
      `
    );

  async function write(): Promise<void> {
    const begun = Date.now();
    let turns = 0;
    for (let tick = 0; !isOver || tick - thought < turns; tick++) {
      if (!isOver) await say(turns++, "user");
      const answered = tick - thought;
      if (answered >= 0 && answered % 50 !== 7) {
        await say(answered, "assistant");
      }
      const due = begun + tick * 2000 / rowsPerSecond;
      await delay(Math.max(0, due - Date.now()));
    }
  }

  const writing = write();
  return {
    async stop() {
      isOver = true;
      await writing;
    },
  };
}

/** Counts what has become of each turn. @param moment that parts the early from the late ones */
export async function countTurns(
  sql: Sql,
  watchId: number,
  moment: Date,
): Promise<WatchedTurns> {
  const [counted] = await sql`
    with turn as (
      select
        asked.content as question, asked.created_at as asked_at, answered.created_at as answered_at,
        max(evaluation.timestamp) as stored_at,
        count(evaluation.id) as stored,
        count(evaluation.id) filter (where not evaluation.success) as failed,
        bool_or(evaluation.metadata ->> 'errorCode' = 'not_storable') as is_refused,
        coalesce(sum(score.scores), 0) as scores,
        max(score.at) as scored_at,
        bool_and(pipeline.is_sampled(watch.sample, jsonb_build_object('row', jsonb_build_object(
          'id', asked.id::text, 'key', pipeline.prompt_key(asked.content)
        )))) as is_sampled,
        max(jsonb_array_length(watch.evaluators)) as evaluators
      from public.live_messages as asked
      join pipeline_watches as watch on watch.id = ${watchId}
      left join public.live_messages as answered
        on answered.chat_id = asked.chat_id and answered.content = replace(asked.content, 'user', 'assistant')
      left join pipeline.evaluations as evaluation
        on evaluation.experiment_name = watch.name and evaluation.prompt = asked.content
      left join lateral (
        select count(*) as scores, max(one.created_at) as at
        from evaluation_scores as one where one.evaluation_id = evaluation.id
      ) as score on true
      where asked.role = 'user'
      group by asked.id, answered.created_at
    ),
    outcome as (
      select *,
        extract(epoch from scored_at - answered_at) as seconds,
        case
          when not is_sampled and stored = 0 then 'skipped'
          when is_sampled and answered_at is not null and stored = 1 and failed = 0 and scores = evaluators then 'scored'
          when is_sampled and stored = 1 and failed = 1 and (answered_at is null or is_refused) then 'unanswered'
          else 'wrong'
        end as kind
      from turn
    )
    select
      count(*)::integer as asked,
      count(*) filter (where kind = 'scored')::integer as scored,
      count(*) filter (where kind = 'unanswered')::integer as unanswered,
      count(*) filter (where kind = 'skipped')::integer as skipped,
      count(*) filter (where kind = 'wrong')::integer as wrong,
      coalesce(jsonb_agg(to_jsonb(outcome)) filter (where kind = 'wrong'), '[]') as "wrongTurns",
      coalesce(max(seconds) filter (where asked_at < ${moment}), 0)::double precision as "slowestBefore",
      coalesce(max(seconds) filter (where asked_at >= ${moment}), 0)::double precision as "slowestAfter"
    from outcome
  `;
  return counted as unknown as WatchedTurns;
}
