import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { readCustomerProject, versionInFolder } from "./customer_project.ts";
import { applyChanges } from "./file_changes.ts";
import { inspectFolder } from "./find_problems.ts";
import { markFile } from "./marked_file.ts";
import type { MovingInParts } from "./parts.ts";
import { planAddition, planRemoval } from "./plan.ts";
import { withProjectFolder } from "./testing/project_folder.ts";

const now = new Date("2026-11-28T20:15:00Z");

function createParts(version = "1.0.0"): MovingInParts {
  const mark = (name: string, text: string) =>
    markFile(name, { version, kind: "function", text });
  return {
    version,
    install: "create table pipeline_runs (id int);\n",
    upgrades: version === "1.1.0" ? { "1.0.0": "select 'upgrade';\n" } : {},
    removal: { withData: "select 'all';\n", keepingData: "select 'some';\n" },
    takenNames: {
      schemas: ["pipeline"],
      relations: ["public.pipeline_runs"],
      functions: ["public.cancel_pipeline_run"],
      types: [],
      roles: [],
      cronJobs: ["prompt-pipeline maintenance"],
      vaultPrefix: "pipeline_",
      publications: [],
      extensions: ["pg_net"],
    },
    functions: [{
      name: "pipeline-worker",
      alsoServes: ["pipeline-evaluator"],
      mayServe: [],
      files: {
        "index.ts": mark("index.ts", `export default ${version};\n`),
        "deno.json": "{}\n",
      },
    }, {
      name: "prompt-pipeline",
      alsoServes: [],
      mayServe: ["run-pipeline"],
      files: { "index.ts": mark("index.ts", "export default 2;\n") },
    }],
  };
}

async function add(
  directory: string,
  parts = createParts(),
  { allFunctions = false } = {},
) {
  const project = await readCustomerProject(directory);
  const { problems } = await inspectFolder(
    project,
    parts.functions.map(({ name }) => name),
    parts.takenNames,
  );
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const { changes } = await planAddition({ project, parts, now }, {
    allFunctions,
  });
  await applyChanges(project.folder, changes);
  return changes.map(({ path }) => path);
}

Deno.test("planAddition() puts one migration after all others, two folders and lines of config.toml", () =>
  withProjectFolder({
    "migrations/20300101000000_future.sql": "create table a (id int);",
    "functions/_shared/errors.ts": "export const mine = 1;",
    "functions/deno.json": '{ "imports": { "zod": "npm:zod@3" } }',
  }, async (directory) => {
    assertEquals(await add(directory), [
      "migrations/20300101000001_prompt_pipeline_1_0_0.sql",
      "functions/pipeline-worker/index.ts",
      "functions/pipeline-worker/deno.json",
      "functions/prompt-pipeline/index.ts",
      "config.toml",
    ]);
    assertEquals(await add(directory), [], "twice is harmless");
    const project = await readCustomerProject(directory);
    assertEquals(versionInFolder(project), "1.0.0");
    assert(project.config.includes("[functions.pipeline-evaluator]"));
    assert(!project.config.includes("run-pipeline"));
    assertEquals(
      await add(directory, createParts(), { allFunctions: true }),
      ["config.toml"],
    );
    assertEquals(await add(directory), [], "what was asked for once stays");
  }));

Deno.test("planAddition() upgrades from the version in the folder, and keeps what was edited", () =>
  withProjectFolder({}, async (directory) => {
    await add(directory);
    const index = join(
      directory,
      "supabase/functions/pipeline-worker/index.ts",
    );
    await Deno.writeTextFile(
      index,
      `${await Deno.readTextFile(index)}// Mine\n`,
    );
    assertEquals(await add(directory, createParts("1.1.0")), [
      "migrations/20261128201501_prompt_pipeline_1_0_0_to_1_1_0.sql",
      "functions/pipeline-worker/index.ts",
      "functions/prompt-pipeline/index.ts",
    ]);
    assert((await Deno.readTextFile(`${index}.edited`)).includes("// Mine"));
    assert((await Deno.readTextFile(index)).includes("1.1.0"));
    await assertRejects(
      () => add(directory, createParts("1.0.0")),
      Error,
      "from version 1.1.0 to 1.0.0",
    );
  }));

Deno.test("planRemoval() leaves the project as it was, but for two migrations", async () => {
  const files = {
    "functions/hello/index.ts": "Deno.serve(() => new Response());",
    "migrations/20250101000000_a.sql": "create table a (id int);",
  };
  await withProjectFolder(files, async (directory) => {
    await add(directory);
    const project = await readCustomerProject(directory);
    const { changes } = await planRemoval({
      project,
      parts: createParts(),
      now,
    }, { withData: false });
    await applyChanges(project.folder, changes);
    const after = await readCustomerProject(directory);
    assertEquals(after.migrations.map(({ file }) => file), [
      "20250101000000_a.sql",
      "20261128201500_prompt_pipeline_1_0_0.sql",
      "20261128201501_prompt_pipeline_remove.sql",
    ]);
    assertEquals(after.config.trimEnd(), (await originalConfig()).trimEnd());
    const left = [...Deno.readDirSync(join(directory, "supabase/functions"))];
    assertEquals(left.map(({ name }) => name), ["hello"]);
    // It may come back.
    assertEquals(
      (await add(directory))[0].slice(11),
      "20261128201502_prompt_pipeline_1_0_0.sql",
    );
  });
});

async function originalConfig(): Promise<string> {
  let text = "";
  await withProjectFolder({}, async (directory) => {
    text = (await readCustomerProject(directory)).config;
  });
  return text;
}

Deno.test("inspectFolder() refuses a table, a function, a job and an Edge Function with names of ours, before anything is written", () =>
  withProjectFolder({
    "migrations/20250101000000_a.sql": `
      create table public.pipeline_runs (id int);
      create function cancel_pipeline_run(run uuid) returns void language sql as '';
      select cron.schedule('prompt-pipeline maintenance', '* * * * *', 'select 1');
    `,
    "functions/pipeline-worker/index.ts": "Deno.serve(() => new Response());",
  }, async (directory) => {
    const { message } = await assertRejects(() => add(directory), Error);
    assertEquals(message.split("\n").length, 4);
    for (
      const name of [
        "public.pipeline_runs",
        "public.cancel_pipeline_run",
        "prompt-pipeline maintenance",
        "functions/pipeline-worker",
      ]
    ) assert(message.includes(name));
    const { migrations } = await readCustomerProject(directory);
    assertEquals(migrations.length, 1);
  }));

Deno.test("readCustomerProject() says what is no project", async () => {
  const directory = await Deno.makeTempDir();
  await assertRejects(
    () => readCustomerProject(directory),
    Error,
    "supabase/config.toml",
  );
  await Deno.remove(directory);
});
