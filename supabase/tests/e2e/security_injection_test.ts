import {
  assert,
  assertEquals,
  assertMatch,
  assertStrictEquals,
} from "@std/assert";
import { type Project, withProject } from "./project.ts";

/** Texts that end a literal, an identifier, a format string or a template somewhere. */
const HOSTILE = [
  `'; drop table public.prompt_evaluations; --`,
  `"; drop table public.prompt_evaluations; --`,
  `x'); delete from pipeline_runs; --`,
  `$insert$; drop table public.pipeline_runs; $insert$`,
  `$select$ $compare$ $$ \\'; select pg_sleep(10); --`,
  `%1$I %L %s %% %n`,
  `prompt_evaluations" as x where true; truncate pipeline_tasks; --`,
  `public.pipeline_runs`,
  `pg_catalog.pg_class`,
  `PROMPT_EVALUATIONS`,
  `prompt_evaluations\n`,
  `{{secret:project_url}} {{prompt}} \${process.env}`,
  `(select decrypted_secret from vault.decrypted_secrets)`,
  `\u202Etxt.exe\u0007 \\u0000 %00`,
];

Deno.test("hostile texts in every field are stored as they are or refused", () =>
  withProject(async (project) => {
    await project.sql`select create_evaluations_table('other_answers')`;
    const schema = await schemaOf(project);
    for (const text of HOSTILE) await runWith(project, text);
    assertEquals(await schemaOf(project), schema, "nothing else has happened");
    const [{ runs }] = await project.sql`
      select count(*)::integer as runs from pipeline_runs where status = 'completed'
    `;
    assertEquals(runs, HOSTILE.length);
  }));

Deno.test("hostile names of tables are refused by whatever takes one", () =>
  withProject(async (project) => {
    const schema = await schemaOf(project);
    for (const name of HOSTILE) {
      for (
        const [call, parameters] of [
          ["create_evaluations_table", { name }],
          ["pipeline_store_results", {
            results_table: name,
            results: [{ prompt: "a" }],
          }],
          ["pipeline_read_evaluations", { results_table: name, ids: [1] }],
          ["pipeline_read_scores", {
            results_table: name,
            run_id: 1,
            experiment: null,
          }],
          ["pipeline_find_response", {
            results_table: name,
            experiment: "e",
            prompt_key: "k",
          }],
          ["export_evaluations", { results_table: name, run_id: 1 }],
          ["evaluate_experiment", {
            experiment_name: "e",
            evaluators: ["refusal"],
            results_table: name,
          }],
          ["pipeline_create_run", {
            run: {
              source: { type: "prompts", prompts: ["a"] },
              endpoint: "model",
              results_table: name,
            },
          }],
        ] as const
      ) {
        const { error } = await project.client.rpc(call, parameters);
        assert(error, `${call}(${JSON.stringify(name)})`);
        assertMatch(
          error.code,
          /^(22023|42P01|PGRST205)$/,
          `${call}: ${error.message}`,
        );
      }
      const response = await fetch(
        `${project.url}/functions/v1/store-results`,
        {
          method: "POST",
          headers: { apikey: project.secretKey },
          body: JSON.stringify({
            responses: [{ prompt: "a", response: "b", success: true }],
            supabaseTable: name,
          }),
        },
      );
      assertEquals(response.status, 400, await response.text());
    }
    assertEquals(await schemaOf(project), schema);
  }));

Deno.test("JSON of the wrong shape costs its own run and no other", () =>
  withProject(async (project) => {
    const wrong: [object, object][] = [
      ...[7, "x", [1], { a: 1 }, [null], [[]], true].flatMap((value) =>
        ["messages", "parameters", "source", "metadata", "reference", "rank"]
          .map((field): [object, object] => [
            { type: "prompts", prompts: [{ text: "a", [field]: value }] },
            {},
          ])
      ),
      [{ type: "prompts", prompts: [{ text: { $ne: null } }] }, {}],
      [{
        type: "prompts",
        prompts: [{ text: "[[fault:400]]", source: { offset: "x" } }],
      }, {}],
      ...[
        { include: "(" },
        { include: 7 },
        { since: "soon" },
        { seed: {} },
        {
          redact: "all",
        },
        { dedupe: "x" },
        { headers: { "x-a": { b: 1 } } },
      ].map((
        options,
      ): [object, object] => [
        { type: "supabase", bucket: "archives", prefix: "" },
        { options },
      ]),
      ...[{ temperature: "hot" }, { messages: "x" }, { model: {} }, {
        __proto__x: 1,
        constructor: { prototype: 1 },
      }].map((parameters): [object, object] => [
        { type: "prompts", prompts: ["a"] },
        { parameters },
      ]),
      ...[{ type: "regex" }, { type: "refusal", name: "x".repeat(5000) }].map((
        evaluator,
      ): [object, object] => [
        { type: "prompts", prompts: ["a"] },
        { evaluators: [evaluator] },
      ]),
    ];
    await project.upload(
      "a.jsonl",
      '{"messages":[{"role":"user","content":"hi"}]}',
    );
    const ids: number[] = [];
    for (const [source, columns] of wrong) {
      const { data, error } = await project.client.from("pipeline_runs")
        .insert({ source, endpoint: "model", ...columns }).select("id")
        .single();
      if (error) {
        assertMatch(error.code, /^2/, JSON.stringify([source, columns, error]));
      } else ids.push(data.id);
    }
    for (const id of ids) await project.untilOver(id, 60);
    await project.sql`select maintain_pipeline()`;
    const { error } = await project.client.from("pipeline_errors").select();
    assertEquals(error, null);
    const lost = await project.sql`
      select run.source, run.options, failure.message
      from pipeline_errors as failure join pipeline_runs as run on run.id = run_id
      where class = 'lost'
    `;
    assertEquals([...lost], [], "no worker died of it");
    const broken = await project.sql`select * from check_pipeline_invariants()`;
    assertEquals([...broken], []);
    const good = await project.startRun({ type: "prompts", prompts: ["last"] });
    assertEquals((await project.untilOver(good)).succeeded, 1);
  }));

Deno.test("what Postgres cannot store is replaced in a model's answer", async () => {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const isBad = (await request.text()).includes("bad");
      return Response.json({
        choices: [{ message: { content: isBad ? "a\0b\ud800c" : "fine" } }],
        usage: { prompt_tokens: 1.5, completion_tokens: 1e300 },
        "extra\0": "\0",
      });
    },
  );
  await withProject(async (project) => {
    const id = await project.startRun(
      { type: "prompts", prompts: ["bad", "good"] },
      { options: project.sql.json({ keepBody: true }) },
    );
    assertEquals((await project.untilOver(id)).succeeded, 2);
    const rows = await project.sql`
      select response, input_tokens, output_tokens from prompt_evaluations order by id
    `;
    assertEquals([...rows], [
      { response: "a\ufffdb\ufffdc", input_tokens: 2, output_tokens: null },
      { response: "fine", input_tokens: 2, output_tokens: null },
    ]);
  }, { endpoint: { url: `http://127.0.0.1:${server.addr.port}/v1` } });
  await server.shutdown();
});

/**
 * A run with the text in every field that takes one, graded, evaluated again and compared. Names
 * cannot hold characters that nobody sees: there the text stands without them.
 */
async function runWith(project: Project, text: string) {
  const name = text.replace(/[\p{Cc}\p{Cf}]/gu, "");
  const row = {
    experiment_name: name,
    source: {
      type: "prompts",
      prompts: [{
        text,
        key: text,
        reference: text,
        messages: [{ role: "user", content: text }],
        metadata: { [text]: text },
        source: { path: text, bucket: text, [text]: text },
      }],
    },
    endpoint: "model",
    model: name,
    results_table: "other_answers",
    parameters: { systemPrompt: text, [text]: text },
    evaluators: [
      { type: "exact-match", reference: { value: text } },
      { type: "contains", text, name: "has-text" },
      { type: "pairwise", endpoint: "model", criteria: text },
    ],
    tags: [name],
    metadata: { [text]: text },
    options: { seed: text },
  };
  if (name !== text) {
    for (
      const unseen of [{ experiment_name: text }, { model: text }, {
        tags: [text],
      }]
    ) {
      const { error } = await project.client.from("pipeline_runs")
        .insert({ ...row, ...unseen });
      assertEquals(error?.code, "22023", text);
    }
  }
  const { data, error } = await project.client.from("pipeline_runs")
    .insert(row).select("id").single();
  assertEquals(error, null, text);
  assertEquals((await project.untilOver(data!.id)).status, "completed");
  const { data: stored } = await project.client.from("other_answers")
    .select("prompt, prompt_key, reference, experiment_name, tags, source")
    .eq("run_id", data!.id);
  assertEquals(stored, [{
    prompt: text,
    prompt_key: text,
    reference: text,
    experiment_name: name,
    tags: [name],
    source: { path: text, bucket: text, [text]: text },
  }]);
  const compared = await project.client.rpc("compare_experiments", {
    baseline: name,
    candidate: text,
    evaluator: text,
  });
  assertEquals(
    compared.error?.message,
    name === text
      ? `Cannot compare experiment "${text}" with itself`
      : `Cannot find experiment "${text}"`,
  );
  const exported = await project.client.rpc("export_evaluations", {
    results_table: "other_answers",
    experiment_name: name,
  });
  assertStrictEquals(exported.data.rows[0].prompt, text);
  const pageAfter = (after: string) =>
    project.client.rpc("export_evaluations", {
      results_table: "other_answers",
      run_id: data!.id,
      after,
    });
  const paged = await pageAfter(`${Number.MAX_SAFE_INTEGER} ${text}`);
  assertEquals([paged.error, paged.data.rows], [null, []]);
  assertEquals((await pageAfter(text)).error?.code, "22023");
}

/** Every table, column, function, grant and setting of the database that a statement could change. */
async function schemaOf({ sql }: Project) {
  const [{ schema }] = await sql`
    select md5(
      (select string_agg(format('%s %s', oid::regclass, relacl), ',' order by oid) from pg_class
       where relkind in ('r', 'v', 'S') and relnamespace::regnamespace::text !~ '^pg_')
      || (select string_agg(format('%s %s %s', oid, proacl, md5(prosrc)), ',' order by oid) from pg_proc)
      || (select string_agg(format('%s %s %s', attrelid, attname, atttypid), ',' order by attrelid, attnum)
          from pg_attribute where attnum > 0)
      || (select string_agg(rolname, ',' order by oid) from pg_roles)
      || (select string_agg(name, ',' order by name) from vault.secrets)
    ) as schema
  `;
  return schema;
}
