import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "node:path";
import postgres from "postgres";
import { startModelSimulator } from "../../local/model_simulator.ts";
import { setUpProjectDatabase } from "../../local/project_database.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import type { Terminal } from "../../pipeline/command.ts";
import { main } from "../../pipeline/main.ts";
import { runPackage } from "../../test/run_program.ts";
import { startTestDatabase } from "../../test/test_database.ts";
import { readCustomerProject } from "../customer_project.ts";
import { applyChanges } from "../file_changes.ts";
import type { MovingInParts } from "../parts.ts";
import { planAddition, planRemoval } from "../plan.ts";
import { SUPABASE_CLI } from "../supabase_cli.ts";
import { withProjectFolder } from "./project_folder.ts";

/** A project that somebody has, and what must hold of it while the pipeline is there. */
export interface Row {
  /** By their path below `supabase`. */
  files: Record<string, string>;
  /** More options of `pipeline add`. */
  options?: string[];
  /** What is theirs works as before. */
  check?: (stack: Stack) => Promise<void>;
}

/** Runs a command of the command line in this process. */
export async function pipeline(...args: string[]) {
  const lines: string[] = [];
  const code = await main(
    args,
    {
      environment: {},
      fetch,
      print: (line) => void lines.push(line),
      complain: (line) => void lines.push(line),
      update: () => {},
      isLive: false,
      columns: 100,
      readInput: () => Promise.resolve(""),
      askHidden: () => Promise.resolve(null),
      confirm: () => Promise.resolve(null),
      interrupted: () => new Promise(() => {}),
    } satisfies Terminal,
  );
  return { code, text: lines.join("\n") };
}

/** Runs the official CLI in a project. */
export async function supabase(
  directory: string,
  ...args: string[]
): Promise<string> {
  const [yes, cli] = SUPABASE_CLI;
  assertEquals(yes, "-y");
  const { success, everything, output } = await runPackage(
    cli,
    [...args, "--yes", `--workdir=${directory}`],
    { PGSSLMODE: "disable" },
  );
  assert(success, `supabase ${args.join(" ")}\n${everything}`);
  return output;
}

/**
 * The whole stay of the pipeline in a project: their database, `add` with a look at it, the official
 * CLI's push, a graded run, `add` again, `remove`, push, and a database that is what it was.
 *
 * @param versions an older and a newer one: `add` brings the first, and the second while a run goes on;
 * by default that of this clone
 */
export function walk(
  { files, options = [], check = () => Promise.resolve() }: Row,
  versions?: { older: MovingInParts; newer: MovingInParts },
): Promise<void> {
  return withProjectFolder(files, async (directory) => {
    await using cleanup = new AsyncDisposableStack();
    const project = join(directory, "supabase");
    const push = (url: string) =>
      supabase(directory, "db", "push", `--remote=${url}`);
    const before = cleanup.use(await startTestDatabase());
    const sql = postgres(before.url, { max: 1, onnotice: () => {} });
    await setUpProjectDatabase(sql, project);
    // They stay, since others may use them.
    await sql.unsafe(`
      create extension if not exists pg_net with schema extensions;
      create extension if not exists pg_cron;
      create extension if not exists supabase_vault;
    `).simple();
    await sql.end();

    const folder = await Deno.makeTempDir({ dir: "/var/tmp" });
    await Deno.chmod(folder, 0o755);
    cleanup.defer(() => Deno.remove(folder, { recursive: true }));
    const place = { port: 0, project, dataDir: join(folder, "data") };
    const theirs = await startStack({ ...place, functions: [] });
    try {
      await add(directory, versions?.older, [
        `--remote=${theirs.databaseUrl}`,
        ...options,
      ]);
      await push(theirs.databaseUrl);
    } finally {
      await theirs.stop();
    }
    const again = await add(directory, versions?.older, options);
    assert(again.startsWith("Nothing to do"), again);

    const stack = await startStack(place);
    cleanup.defer(stack.stop);
    await grade(stack);
    if (versions) {
      await grade(stack, { latency: 300, prompts: 30 }, async () => {
        await add(directory, versions.newer);
        await push(stack.databaseUrl);
      });
    }
    await check(stack);

    await remove(directory, versions?.newer);
    await push(stack.databaseUrl);
    const difference = await supabase(
      directory,
      "db",
      "diff",
      "--use-pg-delta",
      "--strict-coverage",
      `--from=${before.url}`,
      `--to=${stack.databaseUrl}`,
    );
    assertEquals(difference.trim(), "");
    const left = await stack.sql`
      select jobname as name from cron.job where jobname like 'prompt-pipeline %'
      union all select name from vault.secrets where name like 'pipeline\\_%'
      union all select tablename from pg_publication_tables where tablename like '%pipeline%'
      union all select rolname from pg_roles where rolname like '%pipeline%'
    `;
    assertEquals(left.map(({ name }) => name), []);
    await check(stack);
  });
}

async function add(
  directory: string,
  parts: MovingInParts | undefined,
  options: string[] = [],
): Promise<string> {
  if (parts === undefined) {
    const { code, text } = await pipeline("add", directory, ...options);
    assertEquals(code, 0, text);
    return text;
  }
  const project = await readCustomerProject(directory);
  const { changes } = await planAddition(
    { project, parts, now: new Date() },
    { allFunctions: false },
  );
  await applyChanges(project.folder, changes);
  return changes.length === 0 ? "Nothing to do" : "";
}

async function remove(
  directory: string,
  parts: MovingInParts | undefined,
): Promise<void> {
  if (parts === undefined) {
    const { code, text } = await pipeline("remove", directory, "--with-data");
    assertEquals(code, 0, text);
    return;
  }
  const project = await readCustomerProject(directory);
  const { changes } = await planRemoval(
    { project, parts, now: new Date() },
    { withData: true },
  );
  await applyChanges(project.folder, changes);
}

/** A run that the project's own functions ask and grade, while something else happens. */
async function grade(
  { sql }: Stack,
  { latency = 0, prompts = 3 } = {},
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const model = await startModelSimulator();
  model.configure({ latency });
  try {
    await sql`
      insert into model_endpoints (name, url, model, max_concurrency)
      values ('model', ${`${model.url}/v1/chat/completions`}, 'simulated', 2)
      on conflict (name) do update set url = excluded.url
    `;
    const source = {
      type: "prompts",
      prompts: Array.from({ length: prompts }, (_, n) => `prompt ${n}`),
    };
    const [{ id }] = await sql`
      insert into pipeline_runs (source, endpoint, evaluators) values (
        ${sql.json(source)}, 'model', '[{"type": "length", "max": 1000}]'
      ) returning id
    `;
    await meanwhile();
    const deadline = Date.now() + 60_000;
    let status = "";
    while (!["completed", "failed", "paused"].includes(status)) {
      assert(Date.now() < deadline, `The run is ${status}`);
      await delay(50);
      [{ status }] = await sql`
        select status from pipeline_runs where id = ${id}
      `;
    }
    const [{ passed }] = await sql`
      select count(*)::integer as passed
      from evaluation_scores as score
      join prompt_evaluations as evaluation on evaluation.id = score.evaluation_id
      where evaluation.run_id = ${id} and score.passed
    `;
    assertEquals([status, passed], ["completed", prompts]);
  } finally {
    await model.stop();
  }
}
