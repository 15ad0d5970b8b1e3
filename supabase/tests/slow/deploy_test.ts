import { assert, assertEquals } from "@std/assert";
import { join, relative } from "node:path";
import { supabaseFolder } from "../../../scripts/local/checkout.ts";
import {
  type FunctionSettings,
  readFunctionSettings,
} from "../../../scripts/local/functions/function_settings.ts";
import {
  project,
  runDeployment,
} from "../../../scripts/test/deploy/deploy_functions.ts";
import { startManagementApi } from "../../../scripts/test/deploy/management_api.ts";
import { findHostedDeno } from "../../../scripts/test/hosted_deno.ts";
import { numberedPrompts, withProject } from "../e2e/project.ts";

Deno.test("the commands of a deployment go to the hosted project, with nobody to ask, and what arrives runs a run in the hosted Deno", async () => {
  const folder = await Deno.makeTempDir();
  const api = startManagementApi(folder);
  try {
    const [push, ...others] = await runDeployment(folder, api.url);
    // The stand-in has no database: what counts is where the migrations would go.
    for (const { everything } of [push, ...others]) {
      assert(everything.includes(`Target: project ${project}`), everything);
    }
    for (const { success, everything } of others) assert(success, everything);
    assertEquals(api.statements, [
      `select pipeline_set_secret('project_url', 'https://${project}.supabase.co')`,
    ]);
    await runDeployed(api.deployed(), folder);
  } finally {
    await api.stop();
    await Deno.remove(folder, { recursive: true });
  }
});

/** Serves what arrived in the folder, and uses it. */
async function runDeployed(
  functions: FunctionSettings[],
  folder: string,
): Promise<void> {
  const local = await readFunctionSettings(supabaseFolder);
  assertEquals(
    functions.map(({ name, entry, importMap, verifyJwt }) => ({
      name,
      entry: relative(folder, entry),
      importMap: relative(folder, String(importMap)),
      verifyJwt,
    })),
    local.map(({ name, verifyJwt }) => ({
      name,
      entry: join(name, "supabase", "functions", name, "index.ts"),
      importMap: join(name, "supabase", "functions", "deno.json"),
      verifyJwt,
    })),
  );
  const deployed = { functions, deno: await findHostedDeno() };
  await withProject(async (project) => {
    const archive = numberedPrompts(20).map((content) =>
      JSON.stringify({ messages: [{ role: "user", content }] })
    ).join("\n");
    await project.upload("a.jsonl", archive);
    const id = await project.startRun(
      { type: "supabase", bucket: "archives" },
      { evaluators: project.sql.json([{ type: "length", max: 1000 }]) },
    );
    const run = await project.untilOver(id);
    assertEquals([run.status, run.succeeded, run.failed], [
      "completed",
      20,
      0,
    ]);
    await project.checkInvariants(id);
    const [{ passed }] = await project.sql`
        select count(*)::integer as passed from evaluation_scores where passed
      `;
    assertEquals(passed, 20);

    const post = (name: string, headers: HeadersInit, body: unknown) =>
      fetch(`${project.url}/functions/v1/${name}`, {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      });
    for (const { name } of functions) {
      const token = { workerId: crypto.randomUUID(), token: "forged" };
      const refused = await post(name, { apikey: "sb_secret_forged" }, token);
      assertEquals(
        refused.status,
        401,
        `${name}: ${await refused.text()}`,
      );
    }
    const extracted = await post(
      "extract-prompts",
      { apikey: project.secretKey },
      { dataSource: { type: "supabase", bucket: "archives" } },
    );
    assertEquals((await extracted.json()).total, 20);
  }, { deployed });
}
