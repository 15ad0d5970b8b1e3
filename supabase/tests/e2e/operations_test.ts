import {
  assert,
  assertEquals,
  assertMatch,
  assertStrictEquals,
} from "@std/assert";
import { createClient } from "@supabase/supabase-js";
import { numberedPrompts, type Project, withProject } from "./project.ts";

const archive = ["What is 2+2?", "Name a river."].map((content) =>
  JSON.stringify({ messages: [{ role: "user", content }] })
).join("\n");

const userId = "6f2f9d0e-7a3c-4a53-9f3b-0d1f0c5f6a11";
const otherId = "0b1f9d0e-7a3c-4a53-9f3b-0d1f0c5f6a22";

/** Calls a function and gives status and body. */
async function call(
  project: Project,
  name: string,
  body: unknown,
  headers: Record<string, string> = { apikey: project.secretKey },
) {
  const response = await fetch(`${project.url}/functions/v1/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

Deno.test("supabase-js alone does the whole workflow, step by step and as a run", () =>
  withProject(async (project) => {
    const supabase = createClient(project.url, project.secretKey);
    await supabase.storage.createBucket("chats");
    await supabase.storage.from("chats").upload(
      "2026/a.jsonl",
      new TextEncoder().encode(archive),
    );

    const extracted = await supabase.functions.invoke("extract-prompts", {
      body: {
        dataSource: { type: "supabase", bucket: "chats", prefix: "2026/" },
        maxPrompts: 10,
      },
    });
    assertEquals(extracted.error, null);
    assertEquals(
      [extracted.data.total, extracted.data.errors],
      [2, []],
    );
    const executed = await supabase.functions.invoke("execute-batch", {
      body: {
        prompts: [...extracted.data.prompts, "a plain string"],
        modelEndpoint: `${project.model.url}/v1/chat/completions`,
        model: "simulated",
        requestOptions: {
          headers: { Authorization: "Bearer sk-for-this-call" },
          timeout: 5_000,
        },
      },
    });
    assertEquals(
      [executed.data.successful, executed.data.failed, executed.data.errors],
      [3, 0, []],
    );
    assertEquals(
      executed.data.responses.map(({ prompt }: { prompt: string }) => prompt),
      ["What is 2+2?", "Name a river.", "a plain string"],
    );
    const stored = await supabase.functions.invoke("store-results", {
      body: {
        responses: executed.data.responses,
        supabaseTable: "prompt_evaluations",
        batchMetadata: {
          experimentName: "by hand",
          modelName: "simulated",
          tags: ["steps"],
          night: 1,
        },
      },
    });
    assertEquals(
      [stored.data.stored, stored.data.insertedIds.length, stored.data.errors],
      [3, 3, []],
    );
    const { data: rows } = await supabase.from("prompt_evaluations")
      .select("prompt, response, tags, metadata")
      .eq("experiment_name", "by hand").order("id");
    assertEquals(rows![0], {
      prompt: "What is 2+2?",
      response: "You said: What is 2+2?",
      tags: ["steps"],
      metadata: { night: 1 },
    });

    const { data: run, error } = await supabase.from("pipeline_runs").insert({
      source: { type: "supabase", bucket: "chats" },
      endpoint: "model",
    }).select("id").single();
    assertEquals(error, null);
    assertEquals((await project.untilOver(run!.id)).succeeded, 2);
  }));

Deno.test("POST /run-pipeline with a URL keeps its key in Vault and waits for the end", () =>
  withProject(async (project) => {
    await project.upload("a.jsonl", archive);
    const request = {
      dataSource: { type: "supabase", bucket: "archives" },
      modelEndpoint: `${project.model.url}/v1/chat/completions`,
      model: "simulated",
      supabaseTable: "prompt_evaluations",
      requestOptions: { headers: { Authorization: "Bearer sk-secret-of-run" } },
      config: { extractMaxPrompts: 5, batchSize: 20, maxConcurrency: 5 },
      batchMetadata: { experimentName: "by url" },
      wait: true,
    };
    const { status, body } = await call(project, "run-pipeline", request);
    assertEquals(status, 200);
    assertEquals(
      [body.status, body.summary.succeeded, body.errors],
      ["completed", 2, []],
    );
    const [endpoint] = await project
      .sql`select headers from model_endpoints where name <> 'model'`;
    assertMatch(endpoint.headers.authorization, /^\{\{secret:[\w.-]+\}\}$/);
    const refused = await call(project, "run-pipeline", request);
    assertMatch(refused.body.message, /has results already/);
    const again = await call(project, "run-pipeline", {
      ...request,
      config: { ...request.config, join: true },
    });
    assertEquals(again.body.status, "completed");
    const endpoints = await project.sql`select name from model_endpoints`;
    assertEquals(endpoints.length, 2);
  }));

Deno.test("POST /run-pipeline tells why prompts failed, and extract-prompts what they would cost", () =>
  withProject(async (project) => {
    const dataSource = {
      type: "prompts",
      prompts: ["[[fault:400]] a", "[[fault:400]] b", "c"],
    };
    const { body } = await call(project, "run-pipeline", {
      dataSource,
      endpoint: "model",
      supabaseTable: "prompt_evaluations",
      config: {},
      wait: true,
    });
    assertEquals(
      body.errors.map(({ code, context }: {
        code: string;
        context: Record<string, unknown>;
      }) => [code, context.stage, context.count]),
      [["http_400", "execute", 2]],
    );
    const dry = await call(project, "extract-prompts", {
      dataSource: { type: "run", runId: body.runId, onlyUnanswered: true },
      dryRun: true,
      endpoint: "model",
    });
    assertEquals(
      [dry.body.total, dry.body.summary.price.cost],
      [2, null],
      JSON.stringify(dry.body),
    );
  }));

Deno.test("POST /run-pipeline with one Idempotency-Key starts one run", () =>
  withProject(async (project) => {
    const request = {
      dataSource: { type: "prompts", prompts: ["a", { text: "b" }] },
      endpoint: "model",
      supabaseTable: "prompt_evaluations",
      config: {},
    };
    const headers = { apikey: project.secretKey, "idempotency-key": "k1" };
    const answers = await Promise.all(
      [1, 2, 3].map(() => call(project, "run-pipeline", request, headers)),
    );
    assertEquals(new Set(answers.map(({ body }) => body.runId)).size, 1);
    const { status, body } = await call(
      project,
      "run-pipeline",
      { ...request, endpoint: "model", batchMetadata: { tags: ["x"] } },
      headers,
    );
    assertEquals(status, 409);
    assertEquals(body.code, "conflict");
    assertEquals((await project.untilOver(answers[0].body.runId)).succeeded, 2);
  }));

Deno.test("POST /evaluate-results scores a run and an experiment", () =>
  withProject(async (project) => {
    const id = await project.startRun({
      type: "prompts",
      prompts: ["one", "two"],
    }, { experiment_name: "graded" });
    await project.untilOver(id);
    const evaluators = [
      { type: "contains", text: "one" },
      { type: "regex", pattern: "^You said" },
    ];
    const byRun = await call(project, "evaluate-results", {
      runId: id,
      evaluators,
    });
    assertEquals(byRun.status, 200, JSON.stringify(byRun.body));
    assertEquals(
      byRun.body.summary.map((
        { evaluator, scored, passed }: Record<string, unknown>,
      ) => [evaluator, scored, passed]),
      [["contains", 2, 1], ["regex", 2, 2]],
    );
    assertEquals([byRun.body.scores.length, byRun.body.errors], [4, []]);
    const byName = await call(project, "evaluate-results", {
      experimentName: "graded",
      evaluators: ["exact-match"],
    });
    // There is no reference to match.
    assertEquals(
      [byName.body.summary[0].errors, byName.body.errors.length],
      [2, 2],
    );
    const unknown = await call(project, "evaluate-results", {
      runId: 99,
      evaluators,
    });
    assertEquals([unknown.status, unknown.body.code], [404, "not_found"]);
  }));

Deno.test("GET /prompt-pipeline describes the operations, POST runs them", () =>
  withProject(async (project) => {
    const response = await fetch(`${project.url}/functions/v1/prompt-pipeline`);
    const document = await response.json();
    assertEquals(document.openapi, "3.1.0");
    const { body } = await call(project, "prompt-pipeline", {
      operation: "execute_batch",
      prompts: ["hello"],
      endpoint: "model",
    });
    assertEquals(body.responses[0].response, "You said: hello");
  }));

Deno.test("a signed-in user may use open endpoints and the own folder and rows", () =>
  withProject(async (project) => {
    await project.upload(`${userId}/a.jsonl`, archive);
    await project.upload(`${otherId}/a.jsonl`, archive);
    const authorization = `Bearer ${await project.createUserToken(userId)}`;
    const user = { apikey: project.publishableKey, authorization };
    const as = (name: string, body: unknown) => call(project, name, body, user);
    const source = (id: string) => ({
      dataSource: { type: "supabase", bucket: "archives", prefix: `${id}/` },
    });

    assertEquals((await as("extract-prompts", source(userId))).body.total, 2);
    assertEquals((await as("extract-prompts", source(otherId))).status, 403);
    const executed = await as("execute-batch", {
      prompts: ["mine"],
      endpoint: "model",
    });
    assertEquals(executed.body.successful, 1);
    const direct = await as("execute-batch", {
      prompts: ["mine"],
      modelEndpoint: project.model.url,
    });
    assertEquals([direct.status, direct.body.code], [403, "forbidden"]);
    const stored = await as("store-results", {
      responses: executed.body.responses,
    });
    assertEquals(stored.body.stored, 1);
    const [{ owner }] = await project
      .sql`select owner from prompt_evaluations where prompt = 'mine'`;
    assertStrictEquals(owner, userId);

    const own = await as("run-pipeline", {
      ...source(userId),
      endpoint: "model",
      wait: true,
    });
    assertEquals([own.status, own.body.summary?.succeeded], [200, 2]);
    const others = await project.startRun({ type: "prompts", prompts: ["x"] });
    await project.untilOver(others);
    const graded = await as("evaluate-results", {
      runId: own.body.runId,
      evaluators: [{ type: "length", min: 1 }],
    });
    assertEquals([graded.status, graded.body.summary?.[0]?.scored], [200, 2]);
    const peeked = await as("evaluate-results", {
      runId: others,
      evaluators: [{ type: "length", min: 1 }],
    });
    assertEquals([peeked.status, peeked.body.code], [404, "not_found"]);
    const stolen = await as("run-pipeline", {
      dataSource: { type: "run", runId: others },
      endpoint: "model",
    });
    assertEquals([stolen.status, stolen.body.code], [400, "invalid_request"]);
    assertMatch(stolen.body.message, /there is no run/);
    await project.sql`update model_endpoints set open_to_users = false`;
    const closed = await as("execute-batch", {
      prompts: ["mine"],
      endpoint: "model",
    });
    assertEquals([closed.status, closed.body.code], [404, "not_found"]);
  }, { endpoint: { open_to_users: true } }));

Deno.test("bad calls have a status and a body that says what is wrong", () =>
  withProject(async (project) => {
    const names = [
      "extract-prompts",
      "execute-batch",
      "store-results",
      "evaluate-results",
      "run-pipeline",
      "prompt-pipeline",
    ];
    const now = Math.floor(Date.now() / 1000);
    const expired = await project.createUserToken(userId, { exp: now - 60 });
    const token = await project.createUserToken(userId);
    const forged = `${token.split(".").slice(0, 2).join(".")}.${
      btoa("forged").replaceAll("=", "")
    }`;
    const credentials: [string, Record<string, string>][] = [
      ["no key", {}],
      ["wrong key", { apikey: "sb_secret_wrong" }],
      ["publishable key", { apikey: project.publishableKey }],
      ["forged token", { authorization: `Bearer ${forged}` }],
      ["expired token", { authorization: `Bearer ${expired}` }],
    ];
    for (const name of names) {
      for (const [what, headers] of credentials) {
        const { status, body } = await call(project, name, {}, headers);
        assertEquals([status, body.code], [401, "unauthorized"], what);
        assertEquals(body.errors.length, 1);
      }
      const notJson = await call(project, name, "{");
      assertEquals([notJson.status, notJson.body.code], [
        400,
        "invalid_request",
      ]);
      const large = await call(project, name, "x".repeat(10_000_001));
      assertEquals([large.status, large.body.code], [413, "too_large"]);
    }
    const unknown = await call(project, "execute-batch", {
      prompts: ["a"],
      endpoint: "model",
      promts: [],
      maxConcurrency: 0,
    });
    assertEquals(unknown.status, 400);
    assertEquals(unknown.body.errors.length, 2);
    assertMatch(JSON.stringify(unknown.body.errors), /promts/);
    const many = await call(project, "execute-batch", {
      prompts: numberedPrompts(10_000),
      endpoint: "model",
    });
    assertEquals([many.status, many.body.code], [413, "too_large"]);
    assertMatch(many.body.message, /run_pipeline/);
    const nowhere = await call(project, "extract-prompts", {
      dataSource: { type: "supabase", bucket: "nowhere" },
    });
    assertEquals([nowhere.status, nowhere.body.code], [404, "not_found"]);
    const local = await call(project, "extract-prompts", {
      directory: "/home/me/chats",
    });
    assertEquals(local.status, 400);
    assertMatch(local.body.message, /upload/);
    const noTable = await call(project, "store-results", {
      responses: [{ prompt: "a", response: "b", success: true }],
      supabaseTable: "pipeline_runs",
    });
    assertEquals(noTable.status, 400);
    assertMatch(noTable.body.message, /create_evaluations_table/);
    assert(project.model.count() === 0, "nothing was sent to the model");
  }));

Deno.test("POST /run-pipeline begins to work without waiting for a wake", () =>
  withProject(async (project) => {
    const { status, body } = await call(project, "run-pipeline", {
      dataSource: { type: "prompts", prompts: numberedPrompts(20) },
      endpoint: "model",
      wait: 60,
    });
    assertEquals([status, body.status, body.summary.succeeded], [
      200,
      "completed",
      20,
    ]);
    await project.checkInvariants(body.runId);
  }, { wakes: "off" }));
