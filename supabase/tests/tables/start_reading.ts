import { assertEquals } from "@std/assert";
import { startProjectDatabase } from "../../../scripts/test/test_database.ts";
import { extractOptionsSchema } from "../../functions/_shared/archive/options.ts";
import { createExtractHandler } from "../../functions/_shared/stages/extract_archives.ts";
import type { Task } from "../../functions/_shared/queue/task_queue.ts";

const WORKER = "00000000-0000-4000-8000-000000000001";

/** A database in which table sources are read by the handler of the workers, at a simulated time. */
export async function startReading() {
  const project = await startProjectDatabase(2);
  const { sql } = project;
  await sql`insert into model_endpoints (name, url) values ('model', 'https://model.test/v1')`;

  /** What a run over the source asks, in the order of its tasks. */
  async function run(
    source: object,
    asOf: string,
    columns: Record<string, unknown> = {},
  ): Promise<string[]> {
    const [{ id }] = await sql`insert into pipeline_runs ${
      sql({
        source: sql.json({ type: "table", ...source } as never),
        endpoint: "model",
        created_at: asOf,
        ...columns,
      } as never)
    } returning id`;
    await work(id, asOf);
    return await asked(id);
  }

  async function asked(id: number): Promise<string[]> {
    const rows = await sql`
      select prompt.text, prompt.reference from pipeline_tasks as task
      join pipeline.prompts as prompt on prompt.id = task.prompt_id
      where task.run_id = ${id} order by task.id
    `;
    return rows.map(({ text, reference }) =>
      reference === null ? text : `${text} → ${reference}`
    );
  }

  /** Works on what of stage extract is due. */
  async function work(runId: number, asOf: string): Promise<void> {
    const tasks = await sql`
      update pipeline_tasks set
        status = 'leased', worker = ${WORKER}, lease_token = gen_random_uuid(), lease_expires_at = 'infinity'
      where run_id = ${runId} and stage = 'extract' and status = 'pending' and available_at <= ${asOf}
      returning id, key, payload, lease_token as "leaseToken"
    `;
    for (const { id, leaseToken, ...task } of tasks) {
      const outcome = await createExtractHandler({
        storage: undefined as never,
        options: extractOptionsSchema.parse({}),
        onBytes: () => {},
        readTable: async (source, cursor) => {
          const [{ page }] = await sql`select pipeline_read_table(
            ${sql.json(source as never)}, null, ${
            sql.json(cursor as never)
          }, ${asOf}
          ) as page`;
          return page;
        },
        queue: {
          checkpoint: undefined as never,
          continueList: undefined as never,
          async checkpointTable(_, { payload, enqueue, losses }) {
            const [{ progress }] = await sql`select pipeline_checkpoint_table(
              ${WORKER}, ${id}, ${leaseToken}, ${sql.json(payload as never)},
              ${sql.json(enqueue as never)}, ${
              sql.json(losses as never)
            }, ${asOf}
            ) as progress`;
            return { ...progress, status: "running" };
          },
        },
      })(
        { ...task, id: Number(id), leaseToken } as unknown as Task,
        { signal: new AbortController().signal, isSpent: () => false } as never,
      );
      // Null: it is due again.
      if (outcome !== null) assertEquals(outcome, { outcome: "succeeded" });
      const isOver = outcome !== null;
      await sql`
        update pipeline_tasks set
          status = ${isOver ? "succeeded" : "pending"}, finished_at = ${
        isOver ? asOf : null
      }, worker = null, lease_token = null, lease_expires_at = null
        where id = ${id}
      `;
      if (isOver) {
        await sql`update pipeline_runs set open = open - 1 where id = ${runId}`;
      }
    }
  }

  return { ...project, run, work, asked };
}
