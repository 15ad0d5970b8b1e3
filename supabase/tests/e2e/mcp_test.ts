// Agents, as they speak to a project: the SDK's own client, old and new, on functions with the limits of
// hosted Supabase.

import {
  Client,
  type ClientOptions,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import {
  assert,
  assertEquals,
  assertObjectMatch,
  assertRejects,
} from "@std/assert";
import { OPERATION_NAMES } from "../../functions/_shared/operations/operations.ts";
import { type Project, withProject } from "./project.ts";

const USER = "3f0c6a34-5b7e-4f7c-9b64-2a3f5d2c9e11";

async function connect(
  { url }: Project,
  headers: Record<string, string>,
  options?: ClientOptions,
): Promise<Client> {
  const client = new Client({ name: "test", version: "1" }, options);
  await client.connect(
    new StreamableHTTPClientTransport(
      new URL(`${url}/functions/v1/prompt-pipeline/mcp`),
      { requestInit: { headers } },
    ),
  );
  return client;
}

/** What a tool answers; the client has held it against the tool's schema. */
async function call(
  client: Client,
  name: string,
  input: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const answer = await client.callTool({ name, arguments: input });
  assert(!answer.isError, JSON.stringify(answer.content));
  return answer.structuredContent as Record<string, unknown>;
}

async function read(client: Client, path: string) {
  const { contents: [result] } = await client.readResource({
    uri: `prompt-pipeline://${path}`,
  });
  assert("text" in result);
  return JSON.parse(result.text);
}

Deno.test("an agent runs, grades and compares by the Model Context Protocol", () =>
  withProject(async (project) => {
    await project.upload(
      "chats/a.jsonl",
      JSON.stringify({ messages: [{ role: "user", content: "Name a sea." }] }),
    );
    // As a bearer: what clients let their users set.
    const key = { authorization: `Bearer ${project.secretKey}` };
    const client = await connect(project, key);
    // It knows the schemas of answers from here on.
    await client.listTools();
    const extracted = await call(client, "extract_prompts", {
      dataSource: { type: "supabase", bucket: "archives", prefix: "chats/" },
    });
    assertObjectMatch(extracted, { total: 1, errors: [] });
    await call(client, "save_prompt_set", {
      name: "seas",
      prompts: extracted.prompts,
    });
    const executed = await call(client, "execute_batch", {
      prompts: ["Name a lake."],
      endpoint: "model",
    });
    assertObjectMatch(executed, { successful: 1, errors: [] });
    await call(client, "store_results", {
      responses: [{
        prompt: "Name a pond.",
        response: "Walden",
        success: true,
      }],
      batchMetadata: { experimentName: "by hand" },
    });
    for (const experimentName of ["before", "after"]) {
      const run = await call(client, "run_pipeline", {
        dataSource: { type: "set", name: "seas" },
        endpoint: "model",
        batchMetadata: { experimentName },
        evaluators: [{ type: "length", max: 100 }],
        wait: true,
      });
      assertObjectMatch(run, { status: "completed", errors: [] });
      assertObjectMatch(await read(client, `runs/${run.runId}`), {
        experimentName,
        succeeded: 1,
      });
      const { rows: [row], next } = await read(
        client,
        `runs/${run.runId}/evaluations`,
      );
      assertEquals([row.prompt, next], ["Name a sea.", null]);
      assertEquals(row.scores.length.passed, true);
    }
    assertObjectMatch(
      await call(client, "evaluate_results", {
        experimentName: "before",
        evaluators: [{ type: "contains", text: "sea" }],
      }),
      { errors: [] },
    );
    const { sweepId } = await call(client, "run_sweep", {
      name: "both",
      dataSource: { type: "set", name: "seas" },
      endpoint: "model",
      variants: [{ name: "a" }, { name: "b", model: "another-model" }],
      wait: true,
    });
    assertEquals((await read(client, `sweeps/${sweepId}`)).runs.length, 2);
    const { summary: [summary], scores } = await read(
      client,
      "experiments/before",
    );
    assertEquals([summary.prompts, scores.length], [1, 2]);
    const compared = await read(client, "comparisons/before/after");
    assertEquals(
      compared.map((row: Record<string, unknown>) => [row.compared, row.ties]),
      [["success", 1], ["contains", 0], ["length", 1]],
    );
    assertEquals(
      (await read(client, "endpoints")).map(({ name }: { name: string }) =>
        name
      ),
      ["model"],
    );
    await client.close();

    const modern = await connect(project, key, {
      versionNegotiation: { mode: "auto" },
    });
    assertEquals(
      (await modern.listTools()).tools.length,
      OPERATION_NAMES.length + 1,
    );
    const { content } = await modern.callTool({
      name: "read_result",
      arguments: { uri: "prompt-pipeline://runs" },
    });
    assert(JSON.stringify(content).includes("after"));

    const token = await project.createUserToken(USER);
    const user = await connect(project, { authorization: `Bearer ${token}` });
    assertEquals(await read(user, "runs"), []);
    assertEquals(await read(user, "endpoints"), []);
    await assertRejects(() => read(user, "runs/1"), Error, "Cannot find run 1");
    await assertRejects(() => connect(project, { apikey: "sb_secret_wrong" }));
  }));
