import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import postgres from "postgres";
import { setUpProjectDatabase } from "../../local/project_database.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import type { Terminal } from "../../pipeline/command.ts";
import { main } from "../../pipeline/main.ts";
import { runPackage } from "../../test/run_program.ts";
import { startTestDatabase } from "../../test/test_database.ts";
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
 * CLI's push, a graded run, `add` again, whatever `during` does, `remove`, push, and a database that is
 * what it was.
 */
export function walk(
  { files, options = [], check = () => Promise.resolve() }: Row,
  during: (stack: Stack, directory: string) => Promise<void> = () =>
    Promise.resolve(),
): Promise<void> {
  return withProjectFolder(files, async (directory) => {
    await using cleanup = new AsyncDisposableStack();
    const project = join(directory, "supabase");
    const before = cleanup.use(await startTestDatabase());
    const sql = postgres(before.url, { max: 1, onnotice: () => {} });
    await setUpProjectDatabase(sql, project);
    await sql.end();

    const dataDir = await Deno.makeTempDir({ dir: "/var/tmp" });
    await Deno.chmod(dataDir, 0o755);
    cleanup.defer(() => Deno.remove(dataDir, { recursive: true }));
    const options_ = { port: 0, project, dataDir: join(dataDir, "data") };
    const theirs = await startStack({ ...options_, functions: [] });
    try {
      const added = await pipeline(
        "add",
        directory,
        `--remote=${theirs.databaseUrl}`,
        ...options,
      );
      assertEquals(added.code, 0, added.text);
      await supabase(directory, "db", "push", `--remote=${theirs.databaseUrl}`);
    } finally {
      await theirs.stop();
    }
    const again = await pipeline("add", directory, ...options);
    assert(again.text.startsWith("Nothing to do"), again.text);

    const stack = await startStack(options_);
    cleanup.defer(stack.stop);
    await gradeThree(stack);
    await check(stack);
    await during(stack, directory);

    const removed = await pipeline("remove", directory, "--with-data");
    assertEquals(removed.code, 0, removed.text);
    await supabase(directory, "db", "push", `--remote=${stack.databaseUrl}`);
    assertEquals(
      (await supabase(
        directory,
        "db",
        "diff",
        "--use-pg-delta",
        "--strict-coverage",
        `--from=${before.url}`,
        `--to=${stack.databaseUrl}`,
      )).trim(),
      "",
    );
    await check(stack);
  });
}

/** A run of three prompts that the project's own functions ask and grade. */
export async function gradeThree({ sql }: Stack): Promise<void> {
  const { startModelSimulator } = await import(
    "../../local/model_simulator.ts"
  );
  const model = await startModelSimulator();
  try {
    await sql`
      insert into model_endpoints (name, url, model)
      values ('model', ${`${model.url}/v1/chat/completions`}, 'simulated')
      on conflict (name) do update set url = excluded.url
    `;
    const [{ id }] = await sql`
      insert into pipeline_runs (source, endpoint, evaluators)
      values (
        '{"type": "prompts", "prompts": ["one", "two", "three"]}', 'model',
        '[{"type": "length", "max": 1000}]'
      ) returning id
    `;
    const deadline = Date.now() + 30_000;
    let status = "";
    while (!["completed", "failed", "paused"].includes(status)) {
      assert(Date.now() < deadline, `The run is ${status}`);
      await new Promise((go) => setTimeout(go, 50));
      [{ status }] =
        await sql`select status from pipeline_runs where id = ${id}`;
    }
    const [{ passed }] = await sql`
      select count(*)::integer as passed
      from evaluation_scores as score
      join prompt_evaluations as evaluation on evaluation.id = score.evaluation_id
      where evaluation.run_id = ${id} and score.passed
    `;
    assertEquals([status, passed], ["completed", 3]);
  } finally {
    await model.stop();
  }
}
