import type { Row, RowList, Sql } from "postgres";
import { nextRun } from "./cron_schedule.ts";
import { repeat, type Worker } from "./repeat.ts";

interface Job {
  jobid: string;
  schedule: string;
  command: string;
  database: string;
  username: string;
}

/** Milliseconds between two looks at the table of jobs when nothing is due. */
const longestPause = 5_000;

/**
 * Plays the background worker of pg_cron: runs the active jobs of this database
 * when they are due, each as the user who scheduled it, and records the outcome
 * in cron.job_run_details. A job that is still running when it is due again runs
 * again right after.
 */
export async function startPgCronWorker(
  sql: Sql,
  now: () => Date,
  onError: (error: unknown) => void,
): Promise<Worker> {
  /** Job id and schedule → when it is due. A new schedule starts anew. */
  const due = new Map<string, Date>();
  const running = new Map<string, Promise<void>>();

  const worker = repeat(async () => {
    const jobs = await readJobs(sql);
    const keys = new Set(jobs.map(keyOf));
    for (const key of due.keys()) if (!keys.has(key)) due.delete(key);

    let pause = longestPause;
    for (const job of jobs) {
      const key = keyOf(job);
      const time = due.get(key) ?? nextRun(job.schedule, now());
      if (!time) continue;
      due.set(key, time);
      if (time > now()) {
        pause = Math.min(pause, time.getTime() - now().getTime());
      } else if (!running.has(job.jobid)) {
        due.set(key, nextRun(job.schedule, now()) ?? time);
        running.set(
          job.jobid,
          runJob(sql, job).catch(onError).finally(() => {
            running.delete(job.jobid);
            worker.wake();
          }),
        );
        pause = 0;
      }
    }
    return pause;
  }, onError);
  const { unlisten } = await sql.listen("pg_cron", () => worker.wake());
  return {
    async stop() {
      await worker.stop();
      await Promise.all(running.values());
      // The server may be gone already, and with it the subscription.
      await unlisten().catch(() => {});
    },
  };
}

const keyOf = ({ jobid, schedule }: Job) => `${jobid} ${schedule}`;

async function readJobs(sql: Sql): Promise<Job[]> {
  const [{ table }] = await sql`
    select to_regclass('cron.job') is not null as table
  `;
  if (!table) return [];
  return await sql<Job[]>`
    select jobid, schedule, command, database, username
    from cron.job
    where active and database = current_database()
  `;
}

async function runJob(sql: Sql, job: Job): Promise<void> {
  const { jobid, database, username, command } = job;
  const connection = await sql.reserve();
  try {
    const [{ runid }] = await connection`
      insert into cron.job_run_details
        (jobid, job_pid, database, username, command, status, start_time)
      values
        (${jobid}, pg_backend_pid(), ${database}, ${username}, ${command},
          'running', clock_timestamp())
      returning runid
    `;
    const { status, message } = await execute(connection, username, command);
    await connection`
      update cron.job_run_details
      set status = ${status}, return_message = ${message},
        end_time = clock_timestamp()
      where runid = ${runid}
    `;
  } finally {
    connection.release();
  }
}

async function execute(
  connection: Sql,
  username: string,
  command: string,
): Promise<{ status: string; message: string }> {
  try {
    await connection`select set_config('session_authorization', ${username}, false)`;
    const results = await connection.unsafe(command).simple();
    // Several statements give a list of results, one gives the result itself.
    const last = "command" in results
      ? results
      : (results as RowList<Row[]>[]).at(-1)!;
    const { command: tag, count } = last;
    return { status: "succeeded", message: `${tag} ${count}` };
  } catch (error) {
    return { status: "failed", message: `ERROR: ${(error as Error).message}` };
  } finally {
    await connection`reset session authorization`;
  }
}
