import { assertEquals, assertMatch } from "@std/assert";
import { numberedPrompts, type Project, withProject } from "./project.ts";

/** The scores of an experiment, by evaluator: how many there are, passed and failed to score. */
async function countScores({ sql }: Project, experiment: string) {
  return (await sql`
    select score.evaluator, count(*)::integer as scores,
      count(*) filter (where score.passed)::integer as passed, count(score.error)::integer as errors
    from evaluation_scores as score
    join prompt_evaluations as evaluation on evaluation.id = score.evaluation_id
    where evaluation.experiment_name = ${experiment}
    group by score.evaluator order by score.evaluator
  `).map((row) => ({ ...row }));
}

Deno.test("a run with evaluators is complete when every answer is scored", () =>
  withProject(async (project) => {
    const prompts = numberedPrompts(250).map((text, n) => ({
      text,
      reference: n % 2 === 0 ? `You said: ${text}` : "something else",
    }));
    const id = await project.startRun({ type: "prompts", prompts }, {
      experiment_name: "graded",
      evaluators: project.sql.json(["exact-match", {
        type: "length",
        max: 1000,
      }]),
    });
    const run = await project.untilOver(id);
    assertEquals([run.status, run.succeeded, run.open], ["completed", 250, 0]);
    await project.checkInvariants(id);
    assertEquals(await countScores(project, "graded"), [
      { evaluator: "exact-match", scores: 250, passed: 125, errors: 0 },
      { evaluator: "length", scores: 250, passed: 250, errors: 0 },
    ]);
  }));

Deno.test("run B on the prompts of run A is compared with it by one line of SQL", () =>
  withProject(async (project) => {
    const { sql } = project;
    const prompts = numberedPrompts(40).map((text) => ({
      text,
      reference: `You said: ${text}`,
    }));
    const first = await project.startRun({ type: "prompts", prompts }, {
      experiment_name: "A",
    });
    await project.untilOver(first);
    const second = await project.startRun({ type: "run", runId: first }, {
      experiment_name: "B",
    });
    await project.untilOver(second);
    for (const experiment of ["A", "B"]) {
      const [{ id }] = await sql`
        select evaluate_experiment(${experiment}, '["exact-match", "rouge-l"]') as id
      `;
      const run = await project.untilOver(id);
      assertEquals([run.status, run.extracted, run.succeeded], [
        "completed",
        40,
        40,
      ]);
    }
    const rows = await sql`select * from compare_experiments('A', 'B')`;
    assertEquals(
      rows.map(({ compared, pairs, ties, exact_p }) => [
        compared,
        Number(pairs),
        Number(ties),
        exact_p,
      ]),
      [
        ["success", 40, 40, 1],
        ["exact-match", 40, 40, 1],
        ["rouge-l", 40, 40, 1],
      ],
    );
    const [{ id: again }] = await sql`
      select evaluate_pipeline_run(${first}, '["exact-match"]') as id
    `;
    await project.untilOver(again);
    const [{ count }] = await sql`
      select count(*)::integer from evaluation_scores where evaluator = 'exact-match'
    `;
    assertEquals(count, 80, "evaluating again replaces scores");
  }));

Deno.test("a judge is called within its limits, and what it costs counts for the run", () =>
  withProject(async (project) => {
    const { sql } = project;
    await sql`insert into model_endpoints ${
      sql({
        name: "judge",
        url: `${project.model.url}/v1/chat/completions`,
        model: "simulated",
        max_concurrency: 2,
        input_cost: 1,
        output_cost: 1,
      })
    }`;
    const id = await project.startRun(
      { type: "prompts", prompts: numberedPrompts(15) },
      {
        experiment_name: "judged",
        evaluators: sql.json(["refusal", {
          type: "rubric",
          rubric: "Is it polite?",
          endpoint: "judge",
        }]),
      },
    );
    const run = await project.untilOver(id);
    assertEquals(run.status, "completed");
    // The simulator echoes its prompt, which is no judgement: every score says so.
    assertEquals(await countScores(project, "judged"), [
      { evaluator: "refusal", scores: 15, passed: 15, errors: 0 },
      { evaluator: "rubric", scores: 15, passed: 0, errors: 15 },
    ]);
    const [{ error }] = await sql`
      select error from evaluation_scores where evaluator = 'rubric' limit 1
    `;
    assertMatch(error, /did not answer in the form/);
    const [counted] = await sql`
      select
        cost > 0 as paid, judge_errors,
        (select count(answer) from evaluation_votes)::integer as answers,
        (select count(*) from evaluation_votes where is_asked_again)::integer as asked_again
      from pipeline_runs where id = ${id}
    `;
    assertEquals({ ...counted }, {
      paid: true,
      judge_errors: 15,
      answers: 30,
      asked_again: 15,
    });
  }));

Deno.test("typed questions about one text are one call, and a text is embedded once", () =>
  withProject(async (project) => {
    const { sql, model } = project;
    await sql`insert into model_endpoints ${
      sql(
        ["decisions", "embeddings"].map((name) => ({
          name,
          url: `${model.url}/v1/${name}`,
          model: "simulated",
          input_cost: 1,
          output_cost: 0,
        })),
      )
    }`;
    const id = await project.startRun({
      type: "prompts",
      prompts: numberedPrompts(3).map((text) => ({
        text,
        reference: "You said: nothing",
        passages: ["It is said that nothing was said."],
      })),
    }, { experiment_name: "typed" });
    await project.untilOver(id);
    const typed = { endpoint: "decisions" };
    const categories = { kind: 1, rude: 0 };
    const evaluators = [
      { type: "rubric", rubric: "Is it polite?", ...typed },
      { type: "classify", question: "Which tone?", categories, ...typed },
      { type: "faithfulness", ...typed },
      { type: "similarity", endpoint: "embeddings", threshold: 0.5 },
    ];
    const evaluate = async () => {
      const [{ run }] = await sql`
        select evaluate_pipeline_run(${id}, ${
        sql.json(evaluators)
      }, '{"max_cost": 1}') as run
      `;
      assertEquals((await project.untilOver(run)).status, "completed");
      const broken = await sql`
        select * from check_pipeline_invariants() where run_id = ${run}
      `;
      assertEquals(broken.length, 0);
    };
    const callsOf = (path: string) =>
      model.requests.filter((request) => request.path === path).length;
    await evaluate();
    assertEquals(
      await countScores(project, "typed"),
      ["classify", "faithfulness", "rubric", "similarity"].map((evaluator) => ({
        evaluator,
        scores: 3,
        passed: 3,
        errors: 0,
      })),
    );
    // Faithfulness is asked about the passages, too, and so by itself.
    assertEquals(callsOf("/v1/decisions"), 6);
    const embedded = callsOf("/v1/embeddings");
    assertEquals(embedded, 3);
    const [{ certain }] = await sql`
      select count(*)::integer as certain from evaluation_votes where probabilities ->> 'kind' = '0.9'
    `;
    assertEquals(certain, 3);
    await evaluate();
    assertEquals(callsOf("/v1/embeddings"), embedded, "all texts are known");
  }));

Deno.test("judging pauses a run before it spends more than max_cost", () =>
  withProject(async (project) => {
    const { sql } = project;
    const source = { type: "prompts", prompts: numberedPrompts(60) };
    await project.untilOver(
      await project.startRun(source, { experiment_name: "dear" }),
    );
    await sql`
      update model_endpoints
      set input_cost = 200, output_cost = 200, max_output_tokens = 500
    `;
    const evaluators = [{ type: "rubric", rubric: "?", endpoint: "model" }];
    const [{ id }] = await sql`
      select evaluate_experiment(
        'dear', ${sql.json(evaluators)}, columns => '{"max_cost": 1}'
      ) as id
    `;
    for (let tries = 0; (await project.run(id)).status !== "paused"; tries++) {
      assertEquals(tries < 400, true, JSON.stringify(await project.run(id)));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const [run] =
      await sql`select cost, max_cost, error from pipeline_runs where id = ${id}`;
    assertEquals(
      run.cost > 0 && run.cost <= 1,
      true,
      `spent ${run.cost}`,
    );
    assertMatch(run.error, /max_cost of 1 USD is reached/);
  }));

Deno.test("a function of the project scores rows, read-only, and fails for its own rows alone", () =>
  withProject(async (project) => {
    const { sql } = project;
    await sql.unsafe(`
      create table public.known_cities (name text);
      insert into public.known_cities values ('You said: prompt 1');
      grant select on public.known_cities to pipeline_evaluator;
      create function public.is_city(prompt text, response text, reference text, metadata jsonb) returns jsonb
      language plpgsql as $$ begin
        if prompt like '% 7' then raise exception 'no such city'; end if;
        return jsonb_build_object(
          'passed', exists (select from public.known_cities where name = response), 'category',
          current_setting('transaction_read_only')
        );
      end $$;
      select register_evaluation_function('public.is_city');
    `);
    const id = await project.startRun(
      { type: "prompts", prompts: numberedPrompts(30) },
      {
        experiment_name: "by function",
        evaluators: sql.json([
          { type: "sql", function: "public.is_city", name: "city" },
          "exact-match",
        ]),
      },
    );
    await project.untilOver(id);
    const [scored] = await sql`
      select count(*)::integer as rows, count(error)::integer as errors,
        min(error) filter (where error is not null) as error, min(category) as category
      from evaluation_scores where evaluator = 'city'
    `;
    assertEquals([scored.rows, scored.errors, scored.category], [30, 1, "on"]);
    assertMatch(scored.error, /no such city/);
  }));
