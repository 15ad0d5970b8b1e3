import { assertEquals } from "@std/assert";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import {
  type ModelSimulator,
  startModelSimulator,
} from "../../../scripts/local/model_simulator.ts";
import {
  type Stack,
  type StackOptions,
  startStack,
} from "../../../scripts/local/stack.ts";
import { takeSharedStack, testStack } from "./shared_stack.ts";

/** A project with a model to call, as a test sees it. */
export interface Project extends Stack {
  model: ModelSimulator;
  /** Acts as service_role, as a program outside the database does. */
  client: SupabaseClient;
  /** Puts an archive into the bucket `archives`. */
  upload(path: string, content: string | Uint8Array): Promise<void>;
  /** Inserts a run on endpoint `model` and returns its id. */
  startRun(source: object, columns?: Record<string, unknown>): Promise<number>;
  run(id: number): Promise<Run>;
  /** Resolves with the run once it is over; fails after so many seconds. */
  untilOver(id: number, seconds?: number): Promise<Run>;
  /** Ends the leases of workers that are dead: their clock is moved, not waited for. */
  endLeases(): Promise<void>;
  /** Fails unless counters equal counts, nothing is leased and no prompt has two rows. */
  checkInvariants(runId: number): Promise<void>;
}

export interface Run {
  status: string;
  error: string | null;
  notice: string | null;
  open: number;
  extracted: number;
  succeeded: number;
  failed: number;
}

/**
 * Gives a project to one test: as new, with empty tables, ids from 1 and no objects.
 *
 * A test is cheap (0.3 s) when it only says how pg_net behaves and what its endpoint is like: then it
 * takes over the stack of the test before it in the same process, whatever that did to the database
 * and its processes. With any other option it starts a stack of its own, which takes 3 s of processor
 * time. `deno task test e2e` runs many files in one process, so that a new file costs nothing.
 */
export async function withProject(
  test: (project: Project) => Promise<void>,
  { endpoint = {}, wakes = "on", ...own }: StackOptions & {
    endpoint?: Record<string, unknown>;
  } = {},
): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const model = await startModelSimulator();
  cleanup.defer(model.stop);
  const isShared = Object.keys(own).length === 0;
  const stack = isShared
    ? await takeSharedStack()
    : await startStack({ ...testStack, wakes, ...own });
  if (isShared) stack.setWakes(wakes);
  else cleanup.defer(stack.stop);
  await test(await createProject(stack, model, endpoint));
}

async function createProject(
  stack: Stack,
  model: ModelSimulator,
  endpoint: Record<string, unknown>,
): Promise<Project> {
  const { sql } = stack;
  const client = createClient(stack.url, stack.secretKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  await sql`insert into model_endpoints ${
    sql({
      name: "model",
      url: `${model.url}/v1/chat/completions`,
      model: "simulated",
      max_concurrency: 50,
      ...endpoint,
    })
  }`;
  await client.storage.createBucket("archives");

  async function run(id: number): Promise<Run> {
    const [row] = await sql<[Run]>`
      select status, error, notice, open, extracted, succeeded, failed
      from pipeline_runs where id = ${id}
    `;
    return row;
  }

  return {
    ...stack,
    model,
    client,
    run,
    async upload(path, content) {
      const bytes = typeof content === "string"
        ? new TextEncoder().encode(content)
        : content;
      const { error } = await client.storage.from("archives").upload(
        path,
        bytes,
        { upsert: true },
      );
      if (error) throw error;
    },
    async startRun(source, columns = {}) {
      const row = { endpoint: "model", ...columns };
      const [{ id }] = await sql`
        insert into pipeline_runs ${
        sql({ ...row, source: sql.json(source as never) } as never)
      } returning id
      `;
      return Number(id);
    },
    async untilOver(id, seconds = 30) {
      const deadline = Date.now() + seconds * 1000;
      let last: Run | undefined;
      while (Date.now() < deadline) {
        // The database may be down at the moment: that is what some tests are about.
        last = await run(id).catch(() => last);
        if (last && /completed|failed|cancelled/.test(last.status)) return last;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(
        `Run ${id} is not over after ${seconds} s: ${JSON.stringify(last)}`,
      );
    },
    async endLeases() {
      await sql`update pipeline.workers set expires_at = now() - pipeline.doubt_time() where ended_at is null`;
      await sql`update pipeline_tasks set lease_expires_at = now() where status = 'leased'`;
      await sql`select maintain_pipeline()`;
    },
    async checkInvariants(runId) {
      const [counts] = await sql`
        select
          (select count(*) from prompt_evaluations where run_id = ${runId})::integer as stored,
          (select count(distinct prompt_key) from prompt_evaluations where run_id = ${runId})::integer as prompts,
          (select count(*) from pipeline_tasks where run_id = ${runId} and status = 'leased')::integer as leased,
          (select count(*) from pipeline_tasks where run_id = ${runId} and status in ('pending', 'leased'))::integer as open
      `;
      const counters = await run(runId);
      assertEquals({ ...counts }, {
        stored: counters.succeeded + counters.failed,
        prompts: counters.succeeded + counters.failed,
        leased: 0,
        open: counters.open,
      });
    },
  };
}

/** The text of so many different prompts. */
export function numberedPrompts(count: number, prefix = "prompt"): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix} ${index}`);
}
