import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { withProjectFolder } from "../../../scripts/moving_in/testing/project_folder.ts";
import { pipeline } from "../../../scripts/moving_in/testing/walk.ts";
import { withProject } from "./project.ts";

Deno.test("add with names that are taken → all of them are said, and nothing is written", () =>
  withProjectFolder({
    "migrations/20240101000000_names.sql": `
      create table public.pipeline_runs (id int);
      create function public.cancel_pipeline_run(id uuid) returns void language sql as '';
      select cron.schedule('prompt-pipeline maintenance', '* * * * *', 'select 1');
    `,
    "functions/prompt-pipeline/index.ts": "Deno.serve(() => new Response());\n",
  }, async (directory) => {
    const { code, text } = await pipeline("add", directory);
    assertEquals(code, 1);
    for (
      const taken of [
        "public.pipeline_runs",
        "public.cancel_pipeline_run",
        "prompt-pipeline maintenance",
        "supabase/functions/prompt-pipeline",
      ]
    ) assert(text.includes(taken), text);
    const migrations = [
      ...Deno.readDirSync(join(directory, "supabase/migrations")),
    ];
    assertEquals(migrations.length, 1);
  }));

Deno.test("a database with the schema and an empty Vault, as of a preview branch → the first call of a function wakes what waits", () =>
  withProject(async (project) => {
    await project.sql`delete from vault.secrets`;
    // An isolate offers the URL once: one that is left of an earlier test has done so.
    await project.kill("functions");
    const id = await project.startRun({ type: "prompts", prompts: ["one"] });
    const workers = () => project.sql`select from pipeline.workers`;
    assertEquals((await workers()).length, 0);
    const worker = `${project.url}/functions/v1/pipeline-worker`;
    const refused = await fetch(worker, { headers: { apikey: "forged" } });
    await refused.body?.cancel();
    assertEquals([refused.status, (await workers()).length], [401, 0]);
    const answer = await fetch(worker, {
      headers: { apikey: project.secretKey },
    });
    assertEquals(answer.status, 200, await answer.text());
    const [{ url }] = await project
      .sql`select pipeline_read_secret('project_url') as url`;
    assertEquals(url, project.url);
    assertEquals((await project.untilOver(id)).status, "completed");
  }));
