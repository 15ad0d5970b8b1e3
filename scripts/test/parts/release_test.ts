// What installing, upgrading and removing leave in a database, by the official CLI's comparison.
// `deno test … -- --postgres=15` does it on the server of older projects.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { basename, join } from "node:path";
import type { Sql } from "postgres";
import { readMigrations } from "../../local/migration_files.ts";
import { applyMigrations } from "../../local/migrations.ts";
import { compareVersions } from "../../release/compare_versions.ts";
import { installScript } from "../../release/install_script.ts";
import { inOneTransaction } from "../../release/one_transaction.ts";
import { readRelease, releasedVersions } from "../../release/releases.ts";
import { removalScript } from "../../release/removal_script.ts";
import { findDifference } from "../../release/same_databases.ts";
import { type Source, thisSource } from "../../release/source.ts";
import {
  type Databases,
  type ProjectDatabase,
  startDatabases,
} from "../../release/databases.ts";
import { digestRows, readColumns } from "../../release/rows_of_tables.ts";
import { ownOfShop } from "../../release/testing/kept_by_people.ts";
import { finishRun, storeSamples } from "../../release/testing/running_run.ts";
import {
  makeSyntheticReleases,
  type SyntheticReleases,
} from "../../release/testing/synthetic_releases.ts";
import { takenNames } from "../../release/taken_names.ts";
import { upgradeScript } from "../../release/upgrade_script.ts";

/** What a project has of its own before the pipeline comes. */
const ownOfProject = `
  ${ownOfShop}
  create table public.runs (id bigint generated always as identity primary key, name text default 'x');
  alter table public.runs enable row level security;
  create policy "everybody reads" on public.runs for select to anon using (true);
  grant select on public.runs to anon;
  comment on table public.runs is 'Of the project.';
  create function shop.pause_run(id bigint) returns void language sql as '';
  create view public.names with (security_invoker = true) as select name from public.runs;
  create extension if not exists pg_net with schema extensions;
  create extension if not exists pg_cron;
  select cron.schedule('of the project', '0 0 * * *', 'select 1');
  select vault.create_secret('s', 'of_the_project');
  create publication of_project for table public.runs;
`;

const running = new AsyncDisposableStack();
let databases: Databases;
let releases: SyntheticReleases;

Deno.test.beforeAll(async () => {
  databases = running.use(await startDatabases());
  const { sql } = await databases.create("project");
  await sql.unsafe(ownOfProject).simple();
  // Or the copies would have to wait.
  await sql.end();
  releases = running.use(
    await makeSyntheticReleases(() => databases.create(nextName())),
  );
});

Deno.test.afterAll(() => running.disposeAsync());

let made = 0;
const nextName = () => `test_${++made}`;

/** A project with things of its own. */
const createProject = () => databases.create(nextName(), "project");

const run = (sql: Sql, script: string) => sql.unsafe(script).simple();

Deno.test("the installation refuses a database that has the pipeline, and says what to run", async () => {
  const project = await createProject();
  // Scripts that are run by hand begin a transaction of their own.
  const sql = await project.sql.reserve();
  const source = { ...await thisSource(), version: "1.0.0" };
  await run(sql, inOneTransaction(await installScript(source)));
  const refusal = async (version: string) => {
    const script = inOneTransaction(
      await installScript({ ...source, version }),
    );
    const error = await assertRejects(async () => await run(sql, script));
    await run(sql, "rollback");
    return error as Error & { hint: string };
  };
  const same = await refusal("1.0.0");
  assert(same.message.includes("has prompt-pipeline 1.0.0 already"));
  const newer = await refusal("1.1.0");
  assert(newer.message.includes("this database has prompt-pipeline 1.0.0"));
  assert(newer.hint.includes("prompt-pipeline-1.0.0-to-1.1.0.sql"), newer.hint);
  sql.release();
});

Deno.test("the installation refuses a schema pipeline of somebody else", async () => {
  const { sql } = await createProject();
  await run(sql, "create schema pipeline");
  await assertRejects(
    async () => await run(sql, await installScript()),
    Error,
    'there is a schema "pipeline" already',
  );
});

Deno.test("the installation refuses tables that a removal has kept, and names them", async () => {
  const { sql } = await createProject();
  await run(sql, await installScript());
  await run(sql, await removalScript({ withData: false }));
  const { relations } = await takenNames();
  for (const unused of ["public.nothing", "public.prompt_evaluations"]) {
    await run(sql, `drop table if exists ${unused}`);
    const error = await assertRejects(async () =>
      await run(sql, await installScript())
    ) as Error & { code: string; hint: string };
    assertEquals(error.code, "42P07", error.message);
    for (
      const name of [
        "prompt_evaluations",
        "evaluation_scores",
        "evaluation_votes",
        "evaluation_labels",
        "evaluation_label_queues",
        "prompt_sets",
        "pipeline_prompts",
        "pipeline_set_prompts",
      ]
    ) {
      assert(error.hint.includes(name), error.hint);
      assert(relations.includes(`public.${name}`), name);
    }
  }
});

/** Upgrades a database with data in it and a run under way, and compares it with a new one. */
async function expectUpgrade(
  upgraded: ProjectDatabase,
  from: string,
  to: Source,
): Promise<void> {
  const ofPeople = `
    create view public.my_view with (security_invoker = true) as select * from public.experiment_summary;
    create policy "staff of the shop" on public.pipeline_runs for select to authenticated using (id < 0);
  `;
  await run(upgraded.sql, ofPeople);
  const running = await storeSamples(upgraded.sql, from);
  assertEquals(running.taskIds.length, 2);
  const columns = await readColumns(upgraded.sql);
  const before = await digestRows(upgraded.sql, columns);
  await run(upgraded.sql, await upgradeScript(from, to));
  assertEquals(await digestRows(upgraded.sql, columns), before);

  const fresh = await createProject();
  await run(fresh.sql, await installScript(to));
  await run(fresh.sql, ofPeople);
  await storeSamples(fresh.sql, to.version);
  assertEquals(await findDifference(upgraded, fresh), "");

  await finishRun(upgraded.sql, running);
  await upgraded.sql`select maintain_pipeline()`;
  const [{ status }] = await upgraded.sql`
    select status from pipeline_runs where id = ${running.id}`;
  assertEquals(status, "completed");
  const broken = await upgraded
    .sql`select broken, detail from check_pipeline_invariants()`;
  assertEquals([...broken], []);
}

Deno.test("an upgrade gives what an installation gives, keeps what people made, and a run goes on", async () => {
  const { sql, url } = await createProject();
  await run(sql, await installScript(releases.first));
  await expectUpgrade({ sql, url }, releases.first.version, releases.second);
  const answers = await sql`
    select count(*)::integer as count, count(synthetic_note)::integer as notes from my_answers`;
  assertEquals({ ...answers[0] }, { count: 5, notes: 0 });
});

const source = await thisSource();
for (const version of await releasedVersions()) {
  if (version === source.version) continue;
  Deno.test(`an upgrade from ${version} gives what an installation gives`, async () => {
    const database = await createProject();
    const folder = join(source.supabaseFolder, "migrations");
    const names = await migrationsUntil(version);
    await applyMigrations(
      database.sql,
      (await readMigrations(folder)).filter(({ path }) =>
        names.includes(basename(path))
      ),
    );
    await database.sql`drop schema supabase_migrations cascade`;
    await expectUpgrade(database, version, source);
  });
}

Deno.test("an upgrade refuses a database of another version", async () => {
  const script = await upgradeScript(
    releases.first.version,
    releases.second,
  );
  const { sql } = await createProject();
  await assertRejects(
    async () => await run(sql, script),
    Error,
    "this database has no prompt-pipeline",
  );
  await run(sql, await installScript(releases.second));
  await assertRejects(
    async () => await run(sql, script),
    Error,
    `this database has prompt-pipeline ${releases.second.version}`,
  );
  await assertRejects(
    () => upgradeScript("0.9.0", releases.second),
    Error,
    "it was never released",
  );
});

Deno.test("an upgrade gives way to a transaction that holds tables in another order", async () => {
  const { sql } = await createProject();
  await run(sql, await installScript(releases.first));
  const script = await upgradeScript(
    releases.first.version,
    releases.second,
  );
  await storeSamples(sql, releases.first.version);
  let upgrading: Promise<unknown> | undefined;
  await sql.begin(async (worker) => {
    await worker`select from pipeline_tasks for update`;
    upgrading = run(sql, script);
    await untilWaiting(sql, upgrading);
    // It was made before pipeline_tasks, so that the upgrade has it by now.
    await worker`select from pipeline_runs for update`;
  });
  await upgrading;
  const [{ version }] = await sql`select pipeline_version() as version`;
  assertEquals(version, releases.second.version);
});

Deno.test("a removal with data leaves the database as it was", async () => {
  const before = await createProject();
  const project = await createProject();
  const { sql } = project;
  await run(sql, await installScript());
  await finishRun(sql, await storeSamples(sql, "1.0.0"));
  await run(sql, await removalScript({ withData: true }));
  assertEquals(await leftRows(sql), await leftRows(before.sql));
  assertEquals(await findDifference(before, project), "");
  // And it can come again.
  await run(sql, await installScript());
});

Deno.test("a removal keeps results, labels, sets and their prompts as plain tables", async () => {
  const before = await createProject();
  const project = await createProject();
  const { sql } = project;
  await run(sql, await installScript());
  await finishRun(sql, await storeSamples(sql, "1.0.0"));
  await sql`select create_evaluations_table('first_name')`;
  await sql`alter table first_name rename to renamed_answers`;
  await run(sql, await removalScript({ withData: false }));
  assertEquals(await leftRows(sql), await leftRows(before.sql));

  const kept = await sql`
    select class.relname as name, class.relrowsecurity as "isClosed",
      has_table_privilege('service_role', class.oid, 'select') as "isRead",
      has_table_privilege('service_role', class.oid, 'insert, update, delete')
        or has_any_column_privilege('anon', class.oid, 'select')
        or has_any_column_privilege('authenticated', class.oid, 'select, insert') as "isOpen",
      (select count(*)::integer from pg_attrdef where adrelid = class.oid)
        + (select count(*)::integer from pg_policy where polrelid = class.oid)
        + (select count(*)::integer from pg_trigger where tgrelid = class.oid)
        + (select count(*)::integer from pg_attribute where attrelid = class.oid and attidentity <> '') as extras
    from pg_class as class
    where relkind = 'r' and relnamespace = 'public'::regnamespace and relname not in ('runs', 'own_answers')
    order by 1`;
  assertEquals(
    kept.map((table) => ({ ...table })),
    [
      "evaluation_label_queues",
      "evaluation_labels",
      "evaluation_scores",
      "evaluation_votes",
      "my_answers",
      "pipeline_prompts",
      "pipeline_set_prompts",
      "prompt_evaluations",
      "prompt_sets",
      "renamed_answers",
    ].map((name) => ({
      name,
      isClosed: true,
      isRead: true,
      isOpen: false,
      extras: 0,
    })),
  );
  const [rows] = await sql`
    select
      (select count(*)::integer from my_answers join pipeline_prompts as prompt on prompt.id = prompt_id) as asked,
      (select remark from evaluation_labels) as remark,
      (
        select string_agg(prompt.text, ' ' order by place.position)
        from prompt_sets as saved
        join pipeline_set_prompts as place on place.set_id = saved.id
        join pipeline_prompts as prompt on prompt.id = place.prompt_id
        where saved.name = 'mine'
      ) as set`;
  assertEquals({ ...rows }, { asked: 4, remark: "Right.", set: "Two? Three?" });

  for (const { name } of kept) await run(sql, `drop table public.${name}`);
  assertEquals(await findDifference(before, project), "");
});

Deno.test("a removal names what of the project depends on the pipeline, and changes nothing", async () => {
  const { sql } = await createProject();
  await run(sql, await installScript());
  await run(
    sql,
    "create view public.mine as select id from public.pipeline_runs",
  );
  const refusal = await assertRejects(
    async () => await run(sql, await removalScript({ withData: true })),
  ) as Error & { detail: string };
  assert(refusal.detail.includes("view mine depends on"), refusal.detail);
  const [{ jobs }] = await sql`select count(*)::integer as jobs from cron.job`;
  assertEquals(jobs, 4);
});

/** What a comparison of schemas does not see. */
async function leftRows(sql: Sql) {
  const names = async (query: string) =>
    (await sql.unsafe(query)).map(({ name }) => name);
  return {
    jobs: await names("select jobname as name from cron.job order by 1"),
    secrets: await names("select name from vault.secrets order by 1"),
    publications: await names(
      "select tablename as name from pg_publication_tables order by 1",
    ),
    roles: await names("select rolname as name from pg_roles order by 1"),
  };
}

/** Fails when the upgrade does. */
async function untilWaiting(sql: Sql, upgrading: Promise<unknown>) {
  let waiting: unknown[] = [];
  while (waiting.length === 0) {
    waiting = await Promise.race([
      sql`select from pg_locks where locktype = 'relation' and not granted`,
      upgrading.then(() => [true]),
    ]);
  }
}

/** The files that a project of a released version has. */
async function migrationsUntil(version: string): Promise<string[]> {
  const released = (await releasedVersions())
    .filter((older) => compareVersions(older, version) <= 0);
  const releases = await Promise.all(
    released.map((older) => readRelease(source.supabaseFolder, older)),
  );
  return releases.flatMap(({ migrations }) => Object.keys(migrations));
}
