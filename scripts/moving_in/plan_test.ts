import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { readCustomerProject, versionInFolder } from "./customer_project.ts";
import { applyChanges } from "./file_changes.ts";
import { factsOf } from "./testing/facts.ts";
import type { DatabaseFacts } from "./inspect_database.ts";
import { inspectFolder } from "./find_problems.ts";
import { planAddition, planRemoval } from "./plan.ts";
import { createParts } from "./testing/create_parts.ts";
import { withProjectFolder } from "./testing/project_folder.ts";

const now = new Date("2026-11-28T20:15:00Z");

async function add(
  directory: string,
  parts = createParts(),
  { allFunctions = false, facts }: {
    allFunctions?: boolean;
    facts?: DatabaseFacts;
  } = {},
) {
  const project = await readCustomerProject(directory);
  const { problems } = await inspectFolder(project, parts, {
    allFunctions,
    facts,
  });
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const { changes } = await planAddition({ project, parts, facts, now }, {
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
    await remove(directory);
    const after = await readCustomerProject(directory);
    assertEquals(after.migrations.map(({ file }) => file), [
      "20250101000000_a.sql",
      "20261128201500_prompt_pipeline_1_0_0.sql",
      "20261128201501_prompt_pipeline_remove.sql",
    ]);
    assertEquals(after.config, await originalConfig());
    const left = [...Deno.readDirSync(join(directory, "supabase/functions"))];
    assertEquals(left.map(({ name }) => name), ["hello"]);
    // It may come back.
    assertEquals(
      (await add(directory))[0].slice(11),
      "20261128201502_prompt_pipeline_1_0_0.sql",
    );
  });
});

async function remove(directory: string, facts?: DatabaseFacts) {
  const project = await readCustomerProject(directory);
  const { changes } = await planRemoval(
    { project, parts: createParts(), facts, now },
    { withData: false },
  );
  await applyChanges(project.folder, changes);
}

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

const THEIRS = `
[functions.run-pipeline]
entrypoint = "./functions/run-pipeline/index.ts"

[functions.pipeline-evaluator]
verify_jwt = true
`;

Deno.test("functions of somebody else with names that ours may have stay theirs", () =>
  withProjectFolder({
    "config.toml": `project_id = "shop"\n${THEIRS.split("\n\n")[0]}`,
    "functions/run-pipeline/index.ts": "Deno.serve(() => new Response());",
  }, async (directory) => {
    const before = (await readCustomerProject(directory)).config;
    await add(directory);
    await assertRejects(
      () => add(directory, createParts(), { allFunctions: true }),
      Error,
      "supabase/functions/run-pipeline is a function of yours",
    );
    await remove(directory);
    assertEquals((await readCustomerProject(directory)).config, before);
  }));

Deno.test("inspectFolder() refuses lines of config.toml that would be overridden, and nothing is written", () =>
  withProjectFolder({
    "config.toml":
      `${THEIRS}\n[functions.prompt-pipeline]\nentrypoint = "./functions/mine.ts"\n`,
  }, async (directory) => {
    const { config } = await readCustomerProject(directory);
    const { message } = await assertRejects(
      () => add(directory, createParts(), { allFunctions: true }),
      Error,
    );
    assertEquals(
      message.split("\n").map((line) => line.split(" in ")[0]),
      ["pipeline-evaluator", "prompt-pipeline", "run-pipeline"]
        .map((name) => `[functions.${name}]`),
    );
    assertEquals((await readCustomerProject(directory)).config, config);
  }));

Deno.test("a removal that is not pushed yet counts, whatever the database says", () =>
  withProjectFolder({}, async (directory) => {
    const facts = factsOf({ hasPipeline: true, version: "1.0.0" });
    await add(directory);
    await remove(directory);
    await assertRejects(
      () => remove(directory, facts),
      Error,
      "takes it out already",
    );
    const [migration] = await add(directory, createParts(), { facts });
    assert(migration.endsWith("_prompt_pipeline_1_0_0.sql"), migration);
  }));

Deno.test("inspectFolder() asks for the database where the migrations have the pipeline without its mark", () =>
  withProjectFolder({
    "migrations/20250101000000_remote.sql": `
      create schema pipeline;
      create table public.pipeline_runs (id int);
      create function "public"."pipeline_version"() returns text language sql as '';
    `,
  }, async (directory) => {
    const { message } = await assertRejects(() => add(directory), Error);
    assertEquals(message.split("\n").length, 1);
    assert(message.includes("--remote"), message);
    const facts = factsOf({ hasPipeline: true, version: "1.0.0" });
    const [migration] = await add(directory, createParts("1.1.0"), { facts });
    assert(migration.endsWith("_1_0_0_to_1_1_0.sql"), migration);
  }));
