import type { Sql } from "postgres";
import { startStack } from "../local/stack.ts";
import { type Measurement, median } from "./measurement.ts";
import { storeAnswers } from "./store_answers.ts";
import { timeCalls } from "./time_calls.ts";
import { measureInBrowser } from "./view_in_browser.ts";

/** Answers of each of two experiments, which are a run each. */
const ANSWERS = 500_000;
/** Looks at each of the places of a page. */
const TURNS = 9;

interface Page {
  rows: unknown[];
  next: string | null;
}

/** What the dashboard asks of the database, of a million answers with a score each. */
const QUESTIONS: {
  name: string;
  goal: string;
  ask: (sql: Sql) => PromiseLike<unknown>;
}[] = [
  {
    name: "filter without a hit, first answer",
    goal: "below 150 ms",
    ask: (sql) =>
      sql`select browse_evaluations(run_id => 1, filter => '{"text": "nowhere"}')`,
  },
  {
    name: "answers that an evaluator did not pass, page of 100",
    goal: "below 50 ms",
    ask: (sql) =>
      sql`select browse_evaluations(run_id => 1, filter => '{"evaluator": "judge", "passed": false}')`,
  },
  {
    name: "worst 100 by a score",
    goal: "below 1000 ms",
    ask: (sql) =>
      sql`select browse_evaluations(run_id => 1, filter => '{"evaluator": "judge"}', sort => 'worst')`,
  },
  {
    name: "what the answers of a run can be filtered by",
    goal: "below 50 ms",
    ask: (sql) => sql`select evaluation_facets(run_id => 1)`,
  },
  {
    name: "one answer, with the same prompt elsewhere",
    goal: "below 50 ms",
    ask: (sql) => sql`select read_evaluation('prompt_evaluations', 4711)`,
  },
  {
    name: "median latency of a run, from 2,000 answers",
    goal: "below 50 ms",
    ask: (sql) =>
      sql`select evaluation_distribution(run_id => 1, measure => 'duration_ms', keys => 2000)`,
  },
  {
    name: "histogram of a score, from 5,000 answers",
    goal: "below 100 ms",
    ask: (sql) =>
      sql`select evaluation_distribution(experiment_name => 'new', evaluator => 'judge')`,
  },
  {
    name: "comparison, first pairs",
    goal: "below 300 ms",
    ask: (sql) =>
      sql`select browse_experiment_pairs('old', 'new', 'judge', most => 100, scan => 5000)`,
  },
  {
    name: "comparison, worst 100 pairs of all",
    goal: "below 2500 ms",
    ask: (sql) =>
      sql`select browse_experiment_pairs('old', 'new', 'judge', most => 100)`,
  },
  {
    name: "comparison, totals",
    goal: "below 2500 ms",
    ask: (sql) => sql`select * from compare_experiments('old', 'new', 'judge')`,
  },
  {
    name: "list of experiments",
    goal: "below 8000 ms, where the Data API ends a question",
    ask: (sql) =>
      sql`select * from experiment_summary where experiment_name is not null`,
  },
  {
    name: "scores of the list of experiments",
    goal: "below 8000 ms, where the Data API ends a question",
    ask: (sql) => sql`select * from experiment_scores`,
  },
  {
    name: "summary of an experiment",
    goal: "below 2500 ms",
    ask: (sql) => sql`select * from summarize_experiments('{old}')`,
  },
  {
    name: "poll of a run",
    goal: "below 5 ms",
    ask: (sql) =>
      sql`
        select status, prompts, done, failed, prompts_per_second, eta, cost
        from pipeline_run_progress where id = 1
      `,
  },
  {
    name: "poll of 50 runs",
    goal: "below 5 ms",
    ask: (sql) =>
      sql`
        select id, experiment_name, model, status, prompts, done, failed, prompts_per_second, eta, cost
        from pipeline_run_progress order by id desc limit 50
      `,
  },
];

/** The median time of an answer to each question of the dashboard. */
export async function* measureView(): AsyncIterable<Measurement> {
  const stack = await startStack({ port: 0, functions: [], wakes: "off" });
  try {
    await storeRuns(stack.sql);
    await storeAnswers(stack.sql, ANSWERS);
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
