import type { TransactionSql } from "postgres";
import { at, createSteps, SUCCESS } from "./scenario_steps.ts";

/**
 * Two days of a watch: three windows, of which the second comes in two pages, turns that have no
 * answer, and on the next day, whose scan looks back, all turns again.
 */
export async function watchTable(sql: TransactionSql): Promise<void> {
  const { patiently, startWorker, claim, finish, maintain, work } = createSteps(
    sql,
  );
  const readingRun = async () => {
    const [{ id }] = await sql`
      select (pipeline.reading_run(watch.id)).id from pipeline_watches as watch where watch.name = 'watched'
    `;
    return id as string | null;
  };
  await sql`create table public.chats (
    id int primary key, chat_id int, role text, content text, created_at timestamptz
  )`;
  await sql`grant select on public.chats to service_role`;
  await sql`
    insert into pipeline_watches (name, source, evaluators, window_turns, created_at)
    values ('watched', '{"type": "table", "table": "chats"}', '["refusal"]', 20, ${
    at(0)
  })
  `;

  /** A worker reads a page of turns; with `isEnd` the last one of a scan. */
  async function read(turns: number[], minute: number, isEnd = true) {
    const run = await readingRun();
    if (run === null) return;
    const reader = await startWorker(run, minute, "extract");
    const [task] = await claim(reader, minute);
    if (task === undefined) return;
    let goesOn = true;
    await patiently(async (sql) => {
      const cursor = {
        resumeFrom: 0,
        isNews: true,
        reached: 0,
        beganAt: at(minute),
        ...isEnd && { isEnd },
      };
      const [{ progress }] = await sql`select pipeline_checkpoint_table(
        ${reader}, ${task.id}, ${task.leaseToken}, ${sql.json({ cursor })},
        ${sql.json(turns.map((turn) => toTask(turn)))}, '[]', ${at(minute)}
      ) as progress`;
      goesOn = progress.goesOn;
    });
    if (isEnd && !goesOn) await finish(reader, [task], SUCCESS, minute);
    await patiently((sql) =>
      sql`select pipeline_end_worker(${reader}, ${at(minute)})`
    );
    await work(run, minute, (batches) => ({
      ...SUCCESS,
      scores: batches.flatMap(({ payload }) =>
        payload.evaluationIds!.map((evaluationId) => ({
          evaluationId,
          evaluator: "refusal",
          score: 1,
        }))
      ),
    }), "evaluate");
    await maintain(minute);
  }

  const from = (first: number, last: number) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index);
  await read(from(1, 25), 0);
  await read(from(26, 40), 1, false);
  await read(from(41, 50), 2);
  await read(from(51, 75), 70);
  const nextDay = 24 * 60;
  // The first run hears that its day is over, and the second one reads from further back.
  await read([], nextDay);
  await read(from(1, 80), nextDay + 1);
}

function toTask(turn: number) {
  return {
    stage: "execute",
    key: `chats ${turn}`,
    row: { id: String(turn), key: `turn ${turn}`, number: turn },
    prompt: {
      text: `turn ${turn}`,
      source: { path: "chats", key: { id: String(turn) } },
      ...turn % 10 > 0 && { reference: `You said: turn ${turn}` },
    },
  };
}
