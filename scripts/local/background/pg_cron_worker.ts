import type { Row, RowList, Sql } from "postgres";
import { isAtStart, nextRun } from "./cron_schedule.ts";
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
 * again right after. As in pg_cron all times count from the start of the worker,
 * which is when `@reboot` is due, for jobs that are there by then. stop() cancels
 * what is running.
 */
export async function startPgCronWorker(
  sql: Sql,
  now: () => Date,
  onError: (error: unknown) => void,
): Promise<Worker> {
  /** Job id and schedule → when it is due. A new schedule starts anew. */
  const due = new Map<string, Date | undefined>();
  const running = new Map<string, Promise<void>>();
  const stopping = new AbortController();
  let hasStarted = false;

  const worker = repeat(async () => {
    const jobs = await readJobs(sql);
    const keys = new Set(jobs.map(keyOf));
    for (const key of due.keys()) if (!keys.has(key)) due.delete(key);

    let pause = longestPause;
    for (const job of jobs) {
      const key = keyOf(job);
      if (!due.has(key)) {
        const isDue = !hasStarted && isAtStart(job.schedule);
        due.set(key, isDue ? now() : nextRun(job.schedule, now()));
      }
      const time = due.get(key);
      if (!time) continue;
      if (time > now()) {
        pause = Math.min(pause, time.getTime() - now().getTime());
      } else if (!running.has(job.jobid)) {
        due.set(key, nextRun(job.schedule, now()));
        running.set(
          job.jobid,
          runJob(sql, job, stopping.signal).catch(onError).finally(() => {
            running.delete(job.jobid);
            worker.wake();
          }),
        );
        pause = 0;
      }
    }
    hasStarted = true;
    return pause;
  }, onError);
  const { unlisten } = await sql.listen("pg_cron", () => worker.wake());
  return {
    async stop() {
      await worker.stop();
      stopping.abort();
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

async function runJob(sql: Sql, job: Job, stop: AbortSignal): Promise<void> {
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
    const { status, message } = await execute(
      connection,
      username,
      command,
      stop,
    );
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
  stop: AbortSignal,
): Promise<{ status: string; message: string }> {
  try {
    await connection`select set_config('session_authorization', ${username}, false)`;
    stop.throwIfAborted();
    const query = connection.unsafe(command).simple();
    const cancel = () => query.cancel();
    stop.addEventListener("abort", cancel);
    const results = await query.finally(() =>
      stop.removeEventListener("abort", cancel)
    );
    // Several statements give a list of results, one gives the result itself.
    const last = "command" in results
      ? results
      : (results as RowList<Row[]>[]).at(-1)!;
    const { command: tag, count } = last;
    // Not every command counts rows: `CALL` does not.
    const message = count === null ? tag : `${tag} ${count}`;
    return { status: "succeeded", message };
  } catch (error) {
    return { status: "failed", message: `ERROR: ${(error as Error).message}` };
  } finally {
    await connection`reset session authorization`;
  }
}
