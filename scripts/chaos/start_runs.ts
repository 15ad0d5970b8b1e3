import type { Sql } from "postgres";
import type { ModelSimulator } from "../local/model_simulator.ts";
import { createLiveTable } from "./live_app.ts";
import type { BadService } from "./bad_service.ts";
import { FIRST_OWNER, OWNERS } from "./owners.ts";

/** The model that is asked as a judge. */
const JUDGE = "judge";

/** Doubled at each of sixty levels: whoever validates anything by it never comes to an end. */
const ENDLESS_SCHEMA = {
  $ref: "#/$defs/d0",
  $defs: {
    ...Object.fromEntries(
      Array.from({ length: 60 }, (_, level) => {
        const next = { $ref: `#/$defs/d${level + 1}` };
        return [`d${level}`, { allOf: [next, next] }];
      }),
    ),
    d60: {},
  },
};

/**
 * Starts the runs of a day: two users with half of the work each on one endpoint, the first in one run,
 * the second in others, one of which has evaluators that never end; and, few prompts each, those of the
 * project: one whose money is soon used up, one that a judge reads, one over a table, and a sweep of two
 * variants. Each answer gets a score, and each run but those of the sweep has a webhook.
 *
 * @param prompts answers of all together
 * @param runs of the second user but the one that never ends
 */
export async function startRuns(
  sql: Sql,
  model: ModelSimulator,
  service: BadService,
  { prompts, runs }: { prompts: number; runs: number },
): Promise<void> {
  const url = `${model.url}/v1/chat/completions`;
  await sql`
    insert into pipeline_webhook_hosts (host, open_to_users) values ('127.0.0.1', true)
  `;
  await sql`
    insert into model_endpoints (name, url, max_concurrency, timeout_seconds, open_to_users)
    values ('shared', ${url}, 20, 3, true)
  `;
  await sql`
    insert into model_endpoints (name, url, model, max_concurrency, timeout_seconds)
    values ('own', ${url}, '', 5, 3), (${JUDGE}, ${url}, ${JUDGE}, 5, 3)
  `;
  await sql`
    insert into model_endpoints (name, url, timeout_seconds, input_cost, output_cost, max_output_tokens)
    values ('priced', ${url}, 3, 1, 1, 100)
  `;
  const few = Math.max(3, Math.round(prompts / 100));
  const many = prompts - 6 * few;
  const ofFirst = Math.ceil(many / 2);
  const [first, second] = OWNERS;
  const length = { type: "length", max: 1_000 };
  await start(FIRST_OWNER, ofFirst, { owner: first });
  for (let run = 0; run < runs; run++) {
    // What is left over goes to the last runs.
    const count = Math.floor((many - ofFirst + run) / runs);
    await start(`second owner, run ${run}`, count, { owner: second });
  }
  await start("second owner, endless", few, {
    owner: second,
    evaluators: sql.json([
      { type: "json-schema", schema: ENDLESS_SCHEMA },
      { type: "webhook", url: service.scores },
      length,
    ]),
  });
  await start("project", few, { endpoint: "priced", max_cost: 0.0012 });
  await start("judged", few, {
    endpoint: "own",
    evaluators: sql.json([
      { type: "rubric", rubric: "Is it polite?", endpoint: JUDGE },
      length,
    ]),
  });
  await createLiveTable(sql, "questions");
  await sql`
    insert into public.questions (chat_id, role, content)
    select n, 'user', 'table prompt ' || n from generate_series(1, ${few}::integer) as n
  `;
  await start("table", few, {
    endpoint: "own",
    source: sql.json({ type: "table", table: "questions", settle: "0" }),
  });
  await sql`
    insert into pipeline_sweeps ${
    sql({
      name: "sweep",
      source: listOf("sweep", few),
      endpoint: "own",
      variants: sql.json([{ model: "one" }, { model: "another" }]),
      max_attempts: 20,
      evaluators: sql.json([length]),
    } as never)
  }`;

  function listOf(name: string, count: number) {
    const prompts = Array.from(
      { length: count },
      (_, n) => `${name} prompt ${n}`,
    );
    return sql.json({ type: "prompts", prompts });
  }

  async function start(
    name: string,
    count: number,
    columns: Record<string, unknown>,
  ): Promise<void> {
    const row = {
      experiment_name: name,
      source: listOf(name, count),
      endpoint: "shared",
      max_attempts: 20,
      evaluators: sql.json([length]),
      evaluation_webhook: service.webhook,
      ...columns,
    };
    await sql`insert into pipeline_runs ${sql(row as never)}`;
  }
}

/** Whether a request asks the judge. */
export const asksJudge = (body: unknown): boolean =>
  (body as { model?: unknown } | null)?.model === JUDGE;

/** A verdict of the judge, else an answer that repeats its prompt, as JSON where a schema is to be asked. */
export function answerOf(prompt: string, body: unknown): string {
  if (asksJudge(body)) return JSON.stringify({ reason: "Good.", score: 4 });
  const said = `You said: ${prompt.slice(0, 80)}`;
  return prompt.includes("endless") ? JSON.stringify(said) : said;
}
