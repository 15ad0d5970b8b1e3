import type { Sql } from "postgres";
import { startStack } from "../local/stack.ts";
import { type Measurement, median } from "./measurement.ts";
import { storeAnswers } from "./store_answers.ts";
import { timeCalls } from "./time_calls.ts";
import { measureInBrowser } from "./view_in_browser.ts";
import { QUESTIONS } from "./view_questions.ts";

/** Answers of each of two experiments, which are a run each. */
const ANSWERS = 500_000;
/** Looks at each of the places of a page. */
const TURNS = 9;

interface Page {
  rows: unknown[];
  next: string | null;
}

/** The median time of an answer to each question of the dashboard. */
export async function* measureView(): AsyncIterable<Measurement> {
  const stack = await startStack({ port: 0, functions: [], wakes: "off" });
  try {
    await storeRuns(stack.sql);
    await storeAnswers(stack.sql, ANSWERS);
    await storeSmallExperiments(stack.sql);
    yield* measurePages(stack.sql);
    yield await measureSearch(stack.sql);
    for (const { name, goal, ask } of QUESTIONS) {
      yield {
        name: `view: ${name}`,
        value: await timeCalls(() => ask(stack.sql)),
        unit: "ms",
        goal,
      };
    }
    yield* measureInBrowser(stack);
  } finally {
    await stack.stop();
  }
}

/** A page of 100 at 16 places from the first to the last key, in turns: what is busy beside it is so at all of them. */
async function* measurePages(sql: Sql): AsyncIterable<Measurement> {
  const looks = [..."0123456789abcdef"].map((place) => ({
    place,
    times: [] as number[],
  }));
  for (let turn = 0; turn < TURNS; turn++) {
    for (const { place, times } of looks) {
      const startedAt = performance.now();
      await sql`select browse_evaluations(run_id => 1, after => ${`0 ${place}`})`;
      times.push(performance.now() - startedAt);
    }
  }
  const times = looks.map(({ times }) => median(times));
  yield {
    name: "view: page of 100 of a million, slowest of 16 places",
    value: Math.max(...times),
    unit: "ms",
    goal: "below 50 ms",
  };
  yield {
    name: "view: slowest place against the fastest",
    value: Math.max(...times) / Math.min(...times),
    unit: "×",
    goal: "at most 1.5 ×",
  };
}

/** A filter without a hit, until both runs are read. */
async function measureSearch(sql: Sql): Promise<Measurement> {
  const startedAt = performance.now();
  for (const run of [1, 2]) {
    let after: string | null = null;
    do {
      const [{ page }]: { page: Page }[] = await sql`
        select browse_evaluations(
          run_id => ${run}, filter => '{"text": "nowhere"}', after => ${after}, scan => 20000
        ) as page
      `;
      after = page.next;
    } while (after !== null);
  }
  return {
    name: "view: filter without a hit, a million read",
    value: (performance.now() - startedAt) / 1000,
    unit: "s",
    goal: "below 10 s",
  };
}

/** Two experiments of 100 prompts, with scores of two evaluators: what most are like. */
async function storeSmallExperiments(sql: Sql): Promise<void> {
  await sql`
    with stored as (
      insert into prompt_evaluations (
        prompt_key, prompt, response, success, experiment_name, model, duration_ms, cost
      )
      select md5('small ' || n), 'prompt ' || n, 'an answer', true, name, 'bench', 100 + n, 0.001
      from unnest('{first,second}'::text[]) as name, generate_series(1, 100) as n
      returning id
    )
    insert into evaluation_scores (evaluation_id, evaluator, score, passed)
    select stored.id, evaluator, (hashint8(stored.id) & 1023) / 1023.0, hashint8(stored.id) & 1 = 1
    from stored cross join unnest('{judge,exact}'::text[]) as evaluator
  `;
}

/** What the runs of both experiments are asked for by. */
async function storeRuns(sql: Sql): Promise<void> {
  await sql`
    insert into model_endpoints (name, url, model) values ('bench', 'https://bench.test/v1', 'bench')
  `;
  await sql`
    insert into pipeline_runs (experiment_name, source, endpoint)
    select side, '{"type": "prompts", "prompts": ["a"]}', 'bench' from unnest('{old,new}'::text[]) as side
  `;
}
