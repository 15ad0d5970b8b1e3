import { startModelSimulator } from "../local/model_simulator.ts";
import { startStack } from "../local/stack.ts";
import type { Measurement } from "./measurement.ts";
import { until } from "./until.ts";

const ROWS = 10_000;
const MOST_IN_FLIGHT = 50;
const REQUESTS_PER_MINUTE = 12_000;
const LATENCY_MS = 100;
/** USD: a quarter of what the votes of the third judge cost. The run pauses at it, and is then given more. */
const MAX_COST = 10;
const LONGEST_MS = 600_000;

/**
 * A panel of three judges over 10,000 stored answers: one with a limit of concurrency, one with a limit
 * a minute, one with prices under a cap. Each is a server of its own, which counts what it is asked.
 */
export async function* measureJudges(): AsyncIterable<Measurement> {
  const judges = await Promise.all(
    ["slots", "rate", "money"].map(() =>
      startModelSimulator({
        latency: LATENCY_MS,
        answer: () => '{"reason": "ok", "score": 4}',
      })
    ),
  );
  const [slots, rate, money] = judges;
  const stack = await startStack({
    port: 0,
    functions: ["pipeline-worker", "pipeline-evaluator"],
  });
  try {
    const { sql } = stack;
    await sql`
      insert into model_endpoints (name, url, max_concurrency, requests_per_minute, input_cost, output_cost, max_output_tokens)
      values
        ('slots', ${slots.url}, ${MOST_IN_FLIGHT}, null, 0, 0, 20),
        ('rate', ${rate.url}, 500, ${REQUESTS_PER_MINUTE}, 0, 0, 20),
        ('money', ${money.url}, 50, null, 10, 10, 20)
    `;
    await sql`
      insert into prompt_evaluations (prompt_key, prompt, response, success, experiment_name)
      select md5(n::text), 'prompt ' || n, 'an answer ' || n, true, 'bench'
      from generate_series(1, ${ROWS}) as n
    `;
    const startedAt = Date.now();
    const [{ id }] = await sql`
      select evaluate_experiment('bench', ${
      sql.json([{
        type: "rubric",
        rubric: "Is it right?",
        panel: [{ endpoint: "slots" }, { endpoint: "rate" }, {
          endpoint: "money",
        }],
      }])
    }, columns => ${sql.json({ max_workers: 6, max_cost: MAX_COST })}) as id
    `;
    const read = async () => {
      const [run] = await sql`
        select status, cost::float8 as cost, judge_errors, finished_at is not null as is_over
        from pipeline_runs where id = ${id}
      `;
      if (Date.now() - startedAt > LONGEST_MS) {
        throw new Error(`Run ${id} is still ${run.status}`);
      }
      return run;
    };
    await until(async () => (await read()).status === "paused", 200);
    const { cost } = await read();
    await sql`
      update pipeline_runs set max_cost = ${
      4 * MAX_COST
    }, status = 'running' where id = ${id}
    `;
    await until(async () => (await read()).is_over, 200);
    const seconds = (Date.now() - startedAt) / 1000;
    const { judge_errors } = await read();
    const [{ scores }] = await sql`
      select count(*)::integer as scores from evaluation_scores where error is null
    `;
    const votes = judges.reduce((sum, judge) => sum + judge.count(), 0);
    yield {
      name: "judges: a panel of three over 10,000 answers",
      value: votes / seconds,
      unit: "votes/s",
    };
    yield {
      name: "judges: calls for each score of the panel",
      value: votes / scores,
      unit: "calls",
      goal: "3",
    };
    yield {
      name: "judges: most questions in flight at one judge",
      value: slots.peakInFlight(),
      unit: "calls",
      limit: MOST_IN_FLIGHT,
      goal: "at most the limit",
    };
    yield {
      name: "judges: most questions to one judge in any minute",
      value: mostInAMinute(rate.requests.map(({ time }) => time)),
      unit: "calls",
      limit: REQUESTS_PER_MINUTE,
      goal: "at most the limit",
    };
    yield {
      name: "judges: spent when the run pauses for its max_cost",
      value: cost,
      unit: "USD",
      limit: MAX_COST,
      goal: "at most the limit",
    };
    yield {
      name: "judges: questions without a verdict",
      value: judge_errors,
      unit: "votes",
      goal: "0",
    };
  } finally {
    await stack.stop();
    await Promise.all(judges.map((judge) => judge.stop()));
  }
}

/** The most of these times, in milliseconds and ascending, that lie within sixty seconds. */
function mostInAMinute(times: number[]): number {
  let most = 0;
  let first = 0;
  times.forEach((time, place) => {
    while (times[first] <= time - 60_000) first++;
    most = Math.max(most, place - first + 1);
  });
  return most;
}
