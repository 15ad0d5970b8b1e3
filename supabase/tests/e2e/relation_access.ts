import {
  assert,
  assertEquals,
  assertMatch,
  assertStrictEquals,
} from "@std/assert";
import {
  type Answer,
  ask,
  type Person,
  type Setting,
  text,
} from "./access_setting.ts";
import type { RelationAccess, Verb } from "./access_table.ts";
import type { Project } from "./project.ts";

/** Tries every verb on a table or view as everybody. */
export async function checkRelation(
  setting: Setting,
  relation: RelationAccess,
) {
  const { project, anonymous, ada, bob, service } = setting;
  for (const verb of ["select", "insert", "update", "delete"] as const) {
    for (const person of [anonymous, ada, bob, service]) {
      const verbs = person === service
        ? relation.service
        : person === anonymous
        ? {}
        : relation.user;
      if (verbs[verb] === undefined) {
        await isRefused(project, person, verb, relation);
      }
    }
  }
  await checkSelect(setting, relation);
  await checkOtherColumns(setting, relation);
  if (relation.user.update) await checkOwnUpdate(setting, relation);
  // A label needs an answer: supabase/tests/browse/labels.test.sql.
  if (relation.user.insert && relation.name !== "evaluation_labels") {
    await checkOwnInsert(setting, relation);
  }
  for (const verb of ["insert", "update", "delete"] as const) {
    if (!relation.service[verb]) continue;
    const { status, body } = await attempt(project, service, verb, relation);
    assert(status < 300, `service ${verb} ${relation.name}: ${text(body)}`);
  }
}

/** A row that can be inserted, by relation. */
const ROWS: Record<string, (runId: number) => object> = {
  model_endpoints: () => ({ name: "new", url: "https://new.test" }),
  pipeline_webhook_hosts: () => ({ host: "new.test" }),
  pipeline_runs: () => ({
    source: { type: "prompts", prompts: ["a"] },
    endpoint: "open",
  }),
  pipeline_sweeps: () => ({
    name: "new",
    source: { type: "prompts", prompts: ["a"] },
    variants: [{ endpoint: "open" }],
  }),
  prompt_sets: () => ({ name: "new" }),
  pipeline_tasks: (run_id) => ({ run_id, stage: "extract", key: "new" }),
  prompt_evaluations: () => ({ prompt: "a", success: true, response: "b" }),
  more_answers: () => ({ prompt: "a", success: true, response: "b" }),
  experiment_baselines: () => ({ name: "new", experiment_name: "any" }),
  evaluation_scores: () => ({ evaluation_id: 77, evaluator: "n", score: 1 }),
  evaluation_labels: () => ({ evaluation_id: 77, person: "n", passed: true }),
  evaluation_label_queues: () => ({
    name: "new",
    experiment_name: "of ada",
    label_name: "quality",
    kind: "pass",
    chosen: "random",
    created_at: "2026-01-01T00:00:00Z",
  }),
  evaluation_label_items: () => ({
    queue_id: 1,
    position: 99,
    results_table: "prompt_evaluations",
    evaluation_id: 77,
  }),
  evaluation_votes: (run_id) => ({
    task_id: 1_000_000,
    run_id,
    results_table: "prompt_evaluations",
    evaluation_id: 77,
    evaluator: "n",
    vote: 1,
    score: 1,
    created_at: "2026-01-01T00:00:00Z",
  }),
  pipeline_webhook_deliveries: (run_id) => ({
    run_id,
    event_id: 2,
    webhook_id: "evt_2",
    type: "pipeline.run.completed",
    url: "https://hook.test",
    attempt: 1,
    delivered: true,
    created_at: "2026-01-01T00:00:00Z",
  }),
};

/** Tries a verb; updates and deletions are aimed at no row, because the right to try is the question. */
async function attempt(
  project: Project,
  person: Person,
  verb: Verb,
  { name, columns }: RelationAccess,
): Promise<Answer> {
  const path = `/rest/v1/${name}`;
  const [column, , value] = KEYS[name] ?? ["id", "gte", "0"];
  const nothing = `?${column}=eq.${value === "0" ? "-1" : "none"}`;
  switch (verb) {
    case "select":
      return await ask(project, person, "GET", path);
    case "insert":
      return await ask(
        project,
        person,
        "POST",
        path,
        ROWS[name]?.(person.runId) ?? { [column]: value },
      );
    case "update":
      return await ask(project, person, "PATCH", path + nothing, {
        ...columns?.update
          ? { [columns.update.at(-1)!]: 1 }
          : ROWS[name]
          ? firstOf(ROWS[name](person.runId))
          : { [column]: value },
      });
    case "delete":
      return await ask(project, person, "DELETE", path + nothing);
  }
}

function firstOf(row: object): object {
  return Object.fromEntries(Object.entries(row).slice(0, 1));
}

/** What users may change of theirs, by relation. */
const OWN_CHANGES: Record<string, Record<string, string>> = {
  pipeline_runs: { max_concurrency: "7" },
  evaluation_labels: { remark: "changed" },
  evaluation_label_queues: { instructions: "changed" },
};

/** What finds rows where there is no id. */
const KEYS: Record<string, [string, string, string]> = {
  model_endpoints: ["name", "neq", "x"],
  model_endpoint_status: ["name", "neq", "x"],
  pipeline_webhook_hosts: ["host", "neq", "x"],
  experiment_costs: ["experiment_name", "neq", "x"],
  pipeline_quota_use: ["quota", "neq", "x"],
  experiment_scores: ["experiment_name", "neq", "x"],
  experiment_summary: ["experiment_name", "neq", "x"],
  pipeline_error_groups: ["run_id", "gte", "0"],
  prompt_set_prompts: ["set_id", "gte", "0"],
};

async function isRefused(
  project: Project,
  person: Person,
  verb: Verb,
  relation: RelationAccess,
) {
  // It counts the workers that are alive at the moment, and changes by itself.
  const isSteady = relation.name !== "model_endpoint_status";
  const before = isSteady && await contentOf(project, relation.name);
  const { status, body } = await attempt(project, person, verb, relation);
  const what = `${person.name} ${verb} ${relation.name}: ${status} ${
    text(body)
  }`;
  assert(status >= 400, what);
  // Rights are missing, not only policies; a view that nobody can write says that instead.
  assertMatch(
    body.message,
    relation.name in ROWS
      ? /permission denied/
      : /permission denied|cannot \w+ (into |from )?view/,
    what,
  );
  if (isSteady) {
    assertStrictEquals(await contentOf(project, relation.name), before, what);
  }
}

async function contentOf({ sql }: Project, name: string): Promise<string> {
  const [{ content }] = await sql`
    select md5(string_agg(row::text, '' order by row::text)) as content from ${
    sql(name)
  } as row
  `;
  return content;
}

async function checkSelect(
  { project, ada, bob, service }: Setting,
  { name, columns, user }: RelationAccess,
) {
  const select = columns?.select ? `?select=${columns.select}` : "";
  const rowsOf = async (person: Person) => {
    const { status, body } = await ask(
      project,
      person,
      "GET",
      `/rest/v1/${name}${select}`,
    );
    assertEquals(status, 200, `${person.name} ${name}: ${text(body)}`);
    return body.map((row: unknown) => JSON.stringify(row)) as string[];
  };
  const [ofAda, ofBob, all] = [
    await rowsOf(ada),
    await rowsOf(bob),
    await rowsOf(service),
  ];
  if (user.select === "open") {
    const named = columns!.select![0];
    assertEquals(ofAda.map((row) => JSON.parse(row)[named]), ["open"]);
    assertEquals(ofBob, ofAda);
    assert(all.length > ofAda.length);
    return;
  }
  if (user.select === "readers") {
    assertEquals([ofAda, ofBob], [[], []]);
    assert(all.length > 0);
    return;
  }
  assert(ofAda.length > 0 && ofBob.length > 0, `${name} has rows for the test`);
  assert(ofAda.every((row) => !ofBob.includes(row)), `${name} is not shared`);
  assert([...ofAda, ...ofBob].every((row) => all.includes(row)));
  assert(all.length > ofAda.length + ofBob.length, `${name}: service sees all`);
}

/** Users may not even name other columns. */
async function checkOtherColumns(
  { project, ada }: Setting,
  { name, columns }: RelationAccess,
) {
  const present = await project.sql`
    select attname as name from pg_attribute
    where attrelid = ${`public.${name}`}::regclass and attnum > 0 and not attisdropped
  `;
  for (const [verb, named] of Object.entries(columns ?? {})) {
    const others = present.map((column) => column.name as string)
      .filter((column) => !named.includes(column));
    assert(others.length > 0);
    for (const column of others) {
      const { body } = verb === "select"
        ? await ask(
          project,
          ada,
          "GET",
          `/rest/v1/${name}?select=${named[0]},${column}`,
        )
        : await ask(
          project,
          ada,
          verb === "insert" ? "POST" : "PATCH",
          `/rest/v1/${name}${verb === "insert" ? "" : "?id=gte.0"}`,
          { ...(verb === "insert" ? ROWS[name](0) : {}), [column]: null },
        );
      assertMatch(
        body.message,
        /permission denied|cannot insert a non-DEFAULT value|only be updated to DEFAULT/,
        `${verb} ${column}: ${text(body)}`,
      );
    }
  }
}

async function checkOwnUpdate(
  { project, ada }: Setting,
  { name }: RelationAccess,
) {
  const [[column, value]] = Object.entries(OWN_CHANGES[name]);
  const { status } = await ask(
    project,
    ada,
    "PATCH",
    `/rest/v1/${name}?id=gte.0`,
    { [column]: value },
  );
  assert(status < 300);
  const changed = await project.sql`
    select distinct owner from ${project.sql(name)}
    where ${project.sql(column)}::text = ${value}
  `;
  assertEquals([...changed], [{ owner: ada.userId }]);
}

async function checkOwnInsert(
  { project, ada }: Setting,
  { name }: RelationAccess,
) {
  const path = `/rest/v1/${name}`;
  const named = name === "pipeline_runs" ? "experiment_name" : "name";
  const row = { ...ROWS[name](0), [named]: "inserted by ada" };
  const { status } = await ask(project, ada, "POST", path, row);
  assertEquals(status, 201);
  const closed = await ask(
    project,
    ada,
    "POST",
    path,
    JSON.parse(
      JSON.stringify({ ...row, [named]: "closed to ada" })
        .replace('"open"', '"closed"'),
    ),
  );
  assertEquals(closed.body.code, "22023");
  const [{ owner }] = await project.sql`
    select owner from ${project.sql(name)} where ${
    project.sql(named)
  } = 'inserted by ada'
  `;
  assertStrictEquals(owner, ada.userId);
}
