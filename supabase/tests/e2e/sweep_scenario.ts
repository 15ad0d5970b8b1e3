import { assert, assertEquals } from "@std/assert";
import { Webhook } from "standardwebhooks";
import { type Answer, rankIndependently } from "./independent_ranking.ts";
import { numberedPrompts, type Project, withProject } from "./project.ts";

const REPETITIONS = 5;
const MODELS = ["sure", "fair", "poor"];
/** How often a model says yes, and by how much more with the better template. */
const CHANCE: Record<string, number> = { sure: 0.8, fair: 0.75, poor: 0.4 };
const BETTER = 0.1;
const USAGE = { prompt_tokens: 300, completion_tokens: 100 };
/** USD of a call at 1 USD per million tokens of either kind. */
const CALL_COST = 400e-6;
/** USD: half of what all calls cost. */
const ceilingOf = (prompts: number) => 3 * prompts * REPETITIONS * CALL_COST;

/** Three models behind one server; calls of `failing` get HTTP 500, and events are kept. */
function startModels(secret: string) {
  const webhook = new Webhook(secret);
  const events: { type: string; data: { sweepId: number } }[] = [];
  const state = { calls: 0, failing: "" };
  const server = Deno.serve(
    { port: 0, onListen: () => {} },
    async (request) => {
      const body = await request.text();
      if (request.url.endsWith("/hook")) {
        events.push(
          webhook.verify(body, Object.fromEntries(request.headers)) as never,
        );
        return new Response(null, { status: 204 });
      }
      const { model, messages } = JSON.parse(body);
      if (model === state.failing) {
        return new Response("out of order", {
          status: 500,
        });
      }
      state.calls++;
      const isBetter = messages.at(-1).content.startsWith("Please");
      const isYes = Math.random() < CHANCE[model] + (isBetter ? BETTER : 0);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return Response.json({
        choices: [{
          message: { content: isYes ? "yes" : "no" },
          finish_reason: "stop",
        }],
        model,
        usage: USAGE,
      });
    },
  );
  return {
    state,
    events,
    url: `http://127.0.0.1:${server.addr.port}`,
    stop: () => server.shutdown(),
  };
}

async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  seconds = 120,
) {
  const endsAt = Date.now() + seconds * 1000;
  while (!await condition()) {
    if (Date.now() > endsAt) {
      throw new Error(`Not within ${seconds} s: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function statusOf({ sql }: Project, sweepId: number): Promise<string> {
  const [{ status }] = await sql`
    select status from pipeline_sweep_progress where id = ${sweepId}
  `;
  return status;
}

function insertSweep(
  { sql }: Project,
  url: string,
  prompts: number,
): Promise<number> {
  return sql`
    insert into pipeline_sweeps (
      name, source, variants, repetitions, evaluators, max_cost, evaluation_webhook, max_attempts
    )
    select
      'tone', ${
    sql.json({ type: "prompts", prompts: numberedPrompts(prompts) })
  },
      jsonb_agg(jsonb_build_object(
        'name', model || ' ' || template.name, 'endpoint', model, 'model', model,
        'template', jsonb_build_object('user', template.text)
      ) order by model, template.name),
      ${REPETITIONS}, '[{"type": "contains", "text": "yes"}]', ${
    ceilingOf(prompts)
  }, ${`${url}/hook`}, 20
    from unnest(${MODELS}::text[]) as model
    cross join (values ('asked', 'Please: {{prompt}}'), ('told', '{{prompt}}')) as template (name, text)
    returning id
  `.then(([{ id }]) => Number(id));
}

async function readAnswers({ sql }: Project): Promise<Answer[]> {
  return await sql<Answer[]>`
    select
      evaluation.experiment_name as experiment, evaluation.prompt_key as "promptKey", score.score::float,
      score.passed, evaluation.duration_ms as "durationMs", evaluation.cost::float
    from prompt_evaluations as evaluation
    left join evaluation_scores as score
      on score.results_table = 'prompt_evaluations' and score.evaluation_id = evaluation.id
  `;
}

/**
 * Plays a sweep of 3 models and 2 templates: one endpoint is out of order for a while, the workers are
 * killed, the money is used up, and in the end the variants are ranked as other code ranks them.
 */
export function playSweep(prompts: number): Promise<void> {
  return withProject(async (project) => {
    const { sql } = project;
    const ceiling = ceilingOf(prompts);
    const [{ secret }] = await sql`select pipeline_webhook_secret() as secret`;
    const models = startModels(secret);
    try {
      await sql`insert into model_endpoints ${
        sql(MODELS.map((name) => ({
          name,
          url: `${models.url}/v1/chat/completions`,
          model: name,
          max_concurrency: 20,
          input_cost: 1,
          output_cost: 1,
          max_output_tokens: 100,
        })))
      }`;
      models.state.failing = "poor";
      const sweepId = await insertSweep(project, models.url, prompts);

      // Two thirds go on while one endpoint is out of order and the workers are killed.
      await until("some answers", () => models.state.calls > prompts);
      await project.kill("functions");
      await project.endLeases();
      await until("more answers", () => models.state.calls > 3 * prompts);
      const [{ failed }] = await sql`
        select count(*)::integer as failed from prompt_evaluations where not success
      `;
      assertEquals(failed, 0, "what is out of order for a while fails nothing");
      models.state.failing = "";
      // Their next tries are not waited for.
      await sql`
        update pipeline_tasks set available_at = now()
        where stage = 'execute' and status = 'pending' and available_at > now()
      `;

      // One ceiling for all of them.
      await until(
        "the ceiling",
        async () => await statusOf(project, sweepId) === "paused",
      );
      const [spent] = await sql`
        select sum(cost)::float as cost, string_agg(distinct status, ',') as status, min(error) as error
        from pipeline_runs where sweep_id = ${sweepId} and endpoint is not null
      `;
      assertEquals(spent.status, "paused");
      assert(spent.cost <= ceiling, `${spent.cost} USD`);
      assert(spent.cost > ceiling / 2, `${spent.cost} USD`);
      assert(
        models.state.calls * CALL_COST <= ceiling,
        `${models.state.calls} calls`,
      );
      assert(spent.error.includes(`resume_pipeline_sweep(${sweepId})`));
      await sql`update pipeline_sweeps set max_cost = 10 where id = ${sweepId}`;
      await sql`select resume_pipeline_sweep(${sweepId})`;
      await until(
        "the end",
        async () => await statusOf(project, sweepId) === "completed",
      );

      const runs = await sql`
        select experiment_name as name, status, succeeded, failed, open from pipeline_runs
        where sweep_id = ${sweepId} and endpoint is not null order by id
      `;
      assertEquals(
        runs.map((run) => ({ ...run })),
        MODELS.toSorted().flatMap((model) =>
          ["asked", "told"].map((template) => ({
            name: `tone/${model} ${template}`,
            status: "completed",
            succeeded: prompts * REPETITIONS,
            failed: 0,
            open: 0,
          }))
        ),
      );
      assertEquals(
        [...await sql`select * from check_pipeline_invariants()`],
        [],
      );
      const [{ shared }] =
        await sql`select count(*)::integer as shared from pipeline.prompts`;
      assertEquals(shared, prompts, "six runs share their prompts");
      await until("the event", () => models.events.length === 2);
      assertEquals(
        models.events.map(({ type, data }) => [type, Number(data.sweepId)]),
        [
          ["pipeline.sweep.paused", sweepId],
          ["pipeline.sweep.completed", sweepId],
        ],
      );

      const answers = await readAnswers(project);
      const names = runs.map(({ name }) => name);
      for (const k of [1, 3, REPETITIONS]) {
        const ranked = await sql`
          select * from rank_experiments(${names}, 'contains', ${k}) where compared = 'contains'
        `;
        for (const [place, { score_mean }] of ranked.slice(1).entries()) {
          assert(score_mean <= ranked[place].score_mean, "the best is first");
        }
        // Sums of equal scores may differ in their last digit, and so the order of a tie.
        const byRank = (
          a: { rank: number | string; name: string },
          b: { rank: number | string; name: string },
        ) => Number(a.rank) - Number(b.rank) || (a.name < b.name ? -1 : 1);
        ranked.sort((a, b) =>
          byRank(
            { rank: a.rank, name: a.experiment_name },
            { rank: b.rank, name: b.experiment_name },
          )
        );
        const expected = rankIndependently(answers, k).sort((a, b) =>
          byRank(
            { rank: a.rank, name: a.experiment },
            { rank: b.rank, name: b.experiment },
          )
        );
        assertEquals(
          ranked.map((
            row,
          ) => [
            row.experiment_name,
            Number(row.rank),
            Number(row.prompts),
            Number(row.unscored),
            Number(row.answers),
          ]),
          expected.map((
            row,
          ) => [
            row.experiment,
            row.rank,
            row.prompts,
            row.unscored,
            row.answers,
          ]),
        );
        for (const [place, row] of ranked.entries()) {
          const want = expected[place];
          const pairs: [string, number | null, number | null][] = [
            ["score_mean", row.score_mean, want.mean],
            ["score_low", row.score_low, want.low],
            ["score_high", row.score_high, want.high],
            ["difference", row.difference, want.difference],
            ["difference_low", row.difference_low, want.differenceLow],
            ["difference_high", row.difference_high, want.differenceHigh],
            ["p", row.p, want.p],
            ["p_adjusted", row.p_adjusted, want.pAdjusted],
            ["detectable", row.detectable, want.detectable],
            ["pass_at_k", row.pass_at_k, want.passAtK],
            ["pass_hat_k", row.pass_hat_k, want.passHatK],
            ["latency_ms", row.latency_ms, want.latencyMs],
            ["cost", Number(row.cost), want.cost],
          ];
          for (const [name, have, wanted] of pairs) {
            const what =
              `${name} of ${row.experiment_name}: ${have}, ${wanted}`;
            assert(
              wanted === null ? have === null : Math.abs(have! - wanted) < 1e-7,
              what,
            );
          }
        }
      }
    } finally {
      await models.stop();
    }
  }, { renewable: false });
}
