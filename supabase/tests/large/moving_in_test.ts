import { assertEquals } from "@std/assert";
import { withProjectFolder } from "../../../scripts/moving_in/testing/project_folder.ts";
import { deployFunctions } from "../../../scripts/test/deploy/deploy_functions.ts";
import { startManagementApi } from "../../../scripts/test/deploy/management_api.ts";
import { findHostedDeno } from "../../../scripts/test/hosted_deno.ts";
import { pipeline } from "../../../scripts/moving_in/testing/walk.ts";
import { withProject } from "../e2e/project.ts";
import { makeParts } from "../../../scripts/moving_in/make_parts.ts";
import { ROWS } from "../../../scripts/moving_in/testing/rows.ts";
import { walk } from "../../../scripts/moving_in/testing/walk.ts";
import { startDatabases } from "../../../scripts/release/databases.ts";
import { makeSyntheticReleases } from "../../../scripts/release/testing/synthetic_releases.ts";

const rows = Object.entries(ROWS);
const [[, first]] = rows;

for (const [name, row] of rows) {
  Deno.test(`add, push, run, remove, push → ${name} is what it was`, () =>
    walk(row));
}

Deno.test("add, push, upgrade while a run goes on, remove, push → a project is what it was", async () => {
  await using databases = await startDatabases();
  let made = 0;
  await using releases = await makeSyntheticReleases(() =>
    databases.create(`synthetic_${++made}`)
  );
  await walk(first, {
    older: await makeParts(releases.first),
    newer: await makeParts(releases.second),
  });
});

Deno.test("supabase functions deploy of a project with the pipeline → what arrives runs and grades in the hosted Deno", () =>
  withProjectFolder(first.files, async (directory) => {
    const { code, text } = await pipeline("add", directory);
    assertEquals(code, 0, text);
    await using cleanup = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir();
    cleanup.defer(() => Deno.remove(folder, { recursive: true }));
    const api = startManagementApi(folder);
    cleanup.defer(api.stop);
    const names = ["pipeline-evaluator", "pipeline-worker", "prompt-pipeline"];
    const { success, everything } = await deployFunctions(folder, api.url, [
      ...names,
      `--workdir=${directory}`,
    ]);
    assertEquals(success, true, everything);
    const functions = api.deployed();
    assertEquals(
      functions.map(({ name, verifyJwt }) => [name, verifyJwt]),
      names.map((name) => [name, false]),
    );
    const deployed = { functions, deno: await findHostedDeno() };
    await withProject(async (project) => {
      const id = await project.startRun(
        { type: "prompts", prompts: ["one", "two"] },
        { evaluators: project.sql.json([{ type: "length", max: 1000 }]) },
      );
      const run = await project.untilOver(id);
      assertEquals([run.status, run.succeeded], ["completed", 2]);
      const answer = await fetch(
        `${project.url}/functions/v1/prompt-pipeline/evaluate-results`,
        {
          method: "POST",
          headers: { apikey: project.secretKey },
          body: JSON.stringify({
            runId: id,
            evaluators: [{ type: "refusal" }],
          }),
        },
      );
      assertEquals([answer.status, (await answer.json()).errors], [200, []]);
    }, { deployed });
  }));
