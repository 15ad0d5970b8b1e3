import type { TransactionSql } from "postgres";
import { type Broken, findHarm, HARM } from "./find_harm.ts";
import { OWNERS } from "./owners.ts";
import { at, createSteps, failure, pick, SUCCESS } from "./scenario_steps.ts";
import { watchTable } from "./watch_table.ts";

/**
 * Plays, in SQL alone, what happens to runs in 20 minutes of a bad day: workers die,
 * come back too late and say things twice, runs are cancelled, retried, copied, judged
 * and overdue. Calls that the database refuses are left out, as a worker would.
 *
 * @returns what check_pipeline_invariants() and findHarm() report at the end
 */
export async function playScenario(
  sql: TransactionSql,
): Promise<{ experiment: string; broken: string }[]> {
  const { patiently, createRun, startWorker, claim, finish, maintain, work } =
    createSteps(sql);
  const prompts = (...keys: string[]) => ({
    type: "prompts",
    prompts: keys.map((key) => ({ key, text: `prompt ${key}` })),
  });

  /** The prompts of an archive, found in two parts that overlap. */
  async function readInTwoParts(run: string): Promise<void> {
    const reader = await startWorker(run, 5, "extract");
    const folders = await claim(reader, 5);
    const found = (...keys: string[]) =>
      keys.map((key) => ({ stage: "execute", key, prompt: { text: key } }));
    for (const { id, leaseToken } of folders) {
      await patiently((sql) =>
        sql`
          select pipeline_checkpoint_task(
            ${reader}, ${id}, ${leaseToken}, '{}', ${
          sql.json(found("a", "b"))
        }, '[]', ${at(5)}
          )
        `
      );
    }
    const rest = { ...SUCCESS, enqueue: found("b", "c") };
    await finish(reader, folders, rest, 5);
  }

  await sql`
    insert into model_endpoints (name, url, max_concurrency)
    values ('model', 'https://model.test/v1', 100)
  `;

  // A worker says one thing twice, dies with the fourth prompt and answers it too late.
  const eventful = await createRun("eventful", prompts("a", "b", "c", "d"));
  const first = await startWorker(eventful, 0);
  const four = await claim(first, 0);
  await finish(first, pick(four, "1"), SUCCESS, 0);
  await finish(first, pick(four, "1"), SUCCESS, 0);
  await finish(first, pick(four, "2"), failure("permanent"), 0);
  await finish(first, pick(four, "3"), failure("transient"), 0);
  await maintain(2);
  const second = await startWorker(eventful, 2);
  const again = await claim(second, 2);
  await finish(first, pick(four, "4"), SUCCESS, 2);
  for (const task of again) await finish(second, [task], SUCCESS, 2);
  await patiently((sql) =>
    sql`select retry_pipeline_run(${eventful}, ${at(3)})`
  );
  await work(eventful, 3);

  const refused = await createRun("refused", prompts("a"));
  await work(refused, 0, failure("permanent"));

  // Its worker dies and is not heard of again.
  const abandoned = await createRun("abandoned", prompts("a"));
  await claim(await startWorker(abandoned, 0), 0);
  await maintain(4);
  await work(abandoned, 4);

  // Cancelled with two calls in flight: one comes back, one is given back.
  const cancelled = await createRun(
    "cancelled",
    prompts("a", "b", "c"),
    { max_concurrency: 2 },
  );
  const third = await startWorker(cancelled, 0);
  const two = await claim(third, 0);
  await patiently((sql) => sql`select cancel_pipeline_run(${cancelled})`);
  await finish(third, two.slice(0, 1), SUCCESS, 1);
  await patiently((sql) => sql`select pipeline_end_worker(${third}, ${at(1)})`);

  // One prompt is in flight at the deadline, the other is too late.
  const overdue = await createRun(
    "overdue",
    prompts("a", "b"),
    { max_concurrency: 1, deadline_at: at(4) },
  );
  const fourth = await startWorker(overdue, 4);
  const inTime = await claim(fourth, 4);
  await maintain(4);
  await finish(fourth, inTime, SUCCESS, 4);

  const archive = await createRun("archive", {
    type: "supabase",
    bucket: "archives",
  });
  await readInTwoParts(archive);
  await work(archive, 6);

  // Another model gets the prompts of the first run; its worker ends with all of them in hand.
  let copied: string | undefined;
  await patiently(async () => {
    copied = await createRun("copied", {
      type: "run",
      runId: Number(eventful),
    });
  });
  // A run that has not finished cannot be copied.
  if (copied) {
    const quitter = await startWorker(copied, 6);
    await claim(quitter, 6);
    await patiently((sql) =>
      sql`select pipeline_end_worker(${quitter}, ${at(6)})`
    );
    await work(copied, 7);
  }

  // Of two questions to a judge one gets no verdict, when it is asked again neither.
  const judged = await createRun("judged", prompts("a"), {
    evaluators: sql.json([
      { type: "rubric", rubric: "Is it polite?", endpoint: "model" },
    ]),
  });
  await work(judged, 0);
  await work(judged, 1, ([batch]) => ({
    ...SUCCESS,
    scores: [],
    enqueue: [1, 2].map((vote) => ({
      stage: "judge",
      key: `vote ${vote}`,
      endpoint: "model",
      payload: {
        evaluationId: batch?.payload.evaluationIds?.[0],
        evaluator: "rubric",
        vote,
        votes: 2,
      },
    })),
  }), "evaluate");
  const judge = await startWorker(judged, 2, "judge");
  const questions = await claim(judge, 2);
  await finish(judge, pick(questions, "vote 1"), failure("permanent"), 2);
  const verdict = { ...SUCCESS, vote: { score: 1, passed: true } };
  await finish(judge, pick(questions, "vote 2"), verdict, 2);
  await patiently((sql) => sql`select retry_pipeline_run(${judged}, ${at(3)})`);
  await work(judged, 3, verdict, "judge");

  // Whoever is to be told of the run does not answer at first.
  const announced = await createRun("announced", prompts("a"), {
    max_attempts: 1,
    evaluation_webhook: "https://hooks.test/event",
  });
  await work(announced, 0);
  // The event is of today.
  await sql`update pipeline_tasks set available_at = ${
    at(1)
  } where run_id = ${announced} and stage = 'notify'`;
  await work(announced, 1, failure("transient"), "notify");

  // Money is set aside for four calls: one is answered, one given back, one worker dies.
  await sql`
    insert into model_endpoints (name, url, max_concurrency, input_cost, output_cost, max_output_tokens)
    values ('priced', 'https://model.test/v1', 100, 1, 1, 1000)
  `;
  const capped = await createRun("capped", prompts("a", "b", "c", "d"), {
    endpoint: "priced",
    max_cost: 1,
  });
  const payer = await startWorker(capped, 0, "execute", "priced");
  const paid = await claim(payer, 0);
  await finish(payer, pick(paid, "1"), SUCCESS, 0);
  await patiently((sql) =>
    sql`select pipeline_release_tasks(${payer}, ${
      pick(paid, "2").map(({ id }) => id)
    }, ${at(0)})`
  );
  await maintain(3);
  const secondPayer = await startWorker(capped, 3, "execute", "priced");
  await finish(secondPayer, await claim(secondPayer, 3), SUCCESS, 3);

  // The database refuses one result, and then all of them, as their table is gone for a while.
  const unlucky = await createRun("unlucky", prompts("a", "b", "c"));
  const teller = await startWorker(unlucky, 0);
  const told = await claim(teller, 0);
  await finish(teller, pick(told, "1"), { ...SUCCESS, inputTokens: 3e9 }, 0);
  await patiently((sql) =>
    sql`alter table prompt_evaluations rename to lost_evaluations`
  );
  await finish(teller, [...pick(told, "2"), ...pick(told, "3")], SUCCESS, 0);
  await patiently((sql) =>
    sql`select pipeline_end_worker(${teller}, ${at(0)})`
  );
  await sql`alter table if exists lost_evaluations rename to prompt_evaluations`;
  await patiently((sql) => sql`select resume_pipeline_run(${unlucky})`);

  // Workers make a call and cannot tell what came of it; others break.
  const untold = await createRun("untold", prompts("a"), { max_attempts: 1 });
  const broken = await createRun("broken", prompts("a"));
  for (const minute of [0, 1, 2, 3, 4]) {
    const caller = await startWorker(untold, minute);
    const ids = (await claim(caller, minute)).map(({ id }) => id);
    await patiently((sql) =>
      sql`select pipeline_end_worker(${caller}, ${
        at(minute)
      }, called => ${ids})`
    );
    const breaker = await startWorker(broken, minute);
    await claim(breaker, minute);
    await patiently((sql) =>
      sql`select pipeline_end_worker(${breaker}, ${
        at(minute)
      }, problem => 'no')`
    );
  }

  // What is left of the money is good for one call of three.
  const poor = await createRun("poor", prompts("a", "b", "c"), {
    endpoint: "priced",
    max_cost: 0.003,
  });
  const spender = await startWorker(poor, 0, "execute", "priced");
  for (let claims = 0; claims < 2; claims++) {
    const usage = { inputTokens: 1_000, outputTokens: 1_000 };
    await finish(spender, await claim(spender, 0), { ...SUCCESS, ...usage }, 0);
  }

  // Three runs of one user hold four slots when a run of another begins, whose answers are graded.
  await sql`
    insert into model_endpoints (name, url, max_concurrency, open_to_users)
    values ('shared', 'https://model.test/v1', 4, true)
  `;
  const source = prompts("a", "b", "c", "d");
  const shared: string[] = [];
  const sharers: string[] = [];
  for (const name of ["many 1", "many 2", "many 3", "one"]) {
    const run = await createRun(name, source, {
      endpoint: "shared",
      owner: name === "one" ? OWNERS[0] : OWNERS[1],
      evaluators: sql.json(
        name === "one" ? [{ type: "length", max: 9 }, { type: "refusal" }] : [],
      ),
    });
    shared.push(run);
    sharers.push(await startWorker(run, 0, "execute", "shared"));
  }
  const [many, , , one] = sharers;
  const hoard = await claim(many, 0);
  for (const sharer of sharers.slice(1)) await claim(sharer, 0);
  await finish(many, hoard.slice(0, 2), SUCCESS, 0);
  await claim(many, 0, 2);
  const isStarved = (await claim(one, 0)).length < 2;
  for (const sharer of sharers) {
    await patiently((sql) =>
      sql`select pipeline_end_worker(${sharer}, ${at(0)})`
    );
  }
  for (const run of shared) {
    const worker = await startWorker(run, 1, "execute", "shared");
    await finish(worker, await claim(worker, 1), SUCCESS, 1);
    await patiently((sql) =>
      sql`select pipeline_end_worker(${worker}, ${at(1)})`
    );
  }
  await work(shared[3], 2, ([batch]) => ({
    ...SUCCESS,
    scores: batch?.payload.evaluationIds?.flatMap((evaluationId) => [
      { evaluationId, evaluator: "length", score: 1 },
      { evaluationId, evaluator: "refusal", error: "It takes too long" },
    ]),
  }), "evaluate");

  // An archive whose prompts two models get: these ask what is found while they wait.
  const [{ id: sweep }] = await sql`
    insert into pipeline_sweeps (name, source, endpoint, variants, created_at)
    values (
      'swept', '{"type": "supabase", "bucket": "archives"}', 'model',
      '[{"model": "one"}, {"model": "another"}]', ${at(0)}
    )
    returning id
  `;
  const swept = await sql`
    select id from pipeline_runs where sweep_id = ${sweep} order by endpoint nulls first, id
  `;
  await readInTwoParts(swept[0].id);
  for (const { id } of swept.slice(1)) {
    const follower = await startWorker(id, 6, "extract");
    const [list] = await claim(follower, 6);
    if (list) {
      await patiently((sql) =>
        sql`select pipeline_continue_list(${follower}, ${list.id}, ${list.leaseToken}, ${
          at(6)
        })`
      );
      await finish(follower, [list], SUCCESS, 6);
    }
    await work(id, 7);
  }

  await watchTable(sql);

  // A table that is gone cannot be chosen.
  await patiently(async (sql) => {
    await sql`select create_evaluations_table('dropped_evaluations')`;
    await sql`drop table dropped_evaluations`;
  });
  await patiently(() =>
    createRun("homeless", prompts("a"), {
      results_table: "dropped_evaluations",
    })
  );

  await maintain(10);
  await maintain(15);
  // Two days later: what tasks still ask must be there.
  await patiently((sql) =>
    sql`select purge_pipeline_runs('30 days', as_of => ${at(2 * 24 * 60)})`
  );
  const harm: Pick<Broken, "run_id" | "broken">[] = [
    ...await sql<Broken[]>`
      select * from check_pipeline_invariants(${at(20)})
    `,
    ...await findHarm(sql),
    ...isStarved ? [{ run_id: shared[3], broken: HARM.starved }] : [],
  ];
  const runs = await sql`select id, experiment_name from pipeline_runs`;
  return harm.map(({ run_id, broken }) => ({
    experiment: runs.find(({ id }) => id === run_id)?.experiment_name,
    broken,
  }));
}
