import {
  Client,
  type ClientOptions,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { Database } from "../database.ts";
import { PipelineError } from "../errors.ts";
import type { HandlerDependencies } from "../http/operation_handler.ts";
import { OPERATION_NAMES } from "../operations/operations.ts";
import type { Project } from "../operations/services.ts";
import { answerMcp } from "./mcp_handler.ts";
import { RESULTS } from "./results.ts";

const USER = "3f0c6a34-5b7e-4f7c-9b64-2a3f5d2c9e11";
const asked: unknown[] = [];

const project = {
  database: {
    call: (name: string, args: unknown) => {
      asked.push([name, args]);
      return Promise.resolve(
        name === "export_evaluations"
          ? { rows: [{ id: 5, response: "4" }], next: "5 a%b c" }
          : [],
      );
    },
  } as Database,
  readRun: (runId, caller) =>
    caller.kind === "user"
      ? Promise.reject(
        new PipelineError("not_found", `Cannot find run ${runId}`),
      )
      : Promise.resolve({ runId, status: "completed", resultsTable: "march" }),
  readFailures: () => Promise.resolve([]),
  listRuns: () =>
    Promise.resolve([
      { runId: 7, experimentName: "nightly", status: "completed" },
    ]),
} as Partial<Project> as Project;

const dependencies: HandlerDependencies = {
  authenticate: ({ headers }) =>
    headers.get("apikey") === "secret"
      ? Promise.resolve({ kind: "service" })
      : headers.get("authorization") === "Bearer user"
      ? Promise.resolve({ kind: "user", id: USER })
      : Promise.reject(new PipelineError("unauthorized", "Cannot accept")),
  log: () => {},
  services: {
    project,
    model: {
      fetch: () =>
        Promise.resolve(
          Response.json({ choices: [{ message: { content: "4" } }] }),
        ),
      resolveSecret: () => Promise.reject(new Error("no secrets")),
      now: () => 0,
      allowPrivateHosts: true,
    },
    clock: { now: () => 0, wait: () => Promise.resolve() },
    random: () => 0,
    waitLimitMs: 1000,
  },
};

const ADDRESSES = { supabaseUrl: "https://p.example", publicUrl: undefined };
const URL_OF_MCP = "https://p.example/prompt-pipeline/mcp";

function send(init?: RequestInit, url = URL_OF_MCP): Promise<Response> {
  return answerMcp(new Request(url, init), ADDRESSES, dependencies);
}

async function connect(
  headers: Record<string, string> = { apikey: "secret" },
  options?: ClientOptions,
): Promise<Client> {
  const client = new Client({ name: "test", version: "1" }, options);
  await client.connect(
    new StreamableHTTPClientTransport(new URL(URL_OF_MCP), {
      requestInit: { headers },
      fetch: (url, init) => send(init, String(url)),
    }),
  );
  return client;
}

Deno.test("answerMcp() gives clients of every year the operations as tools", async () => {
  for (
    const options of [{}, { versionNegotiation: { mode: "auto" as const } }]
  ) {
    const client = await connect(undefined, options);
    const { tools } = await client.listTools();
    assertEquals(tools.map(({ name }) => name), [
      ...OPERATION_NAMES,
      "read_result",
    ]);
    for (const { inputSchema } of tools) {
      assertEquals(inputSchema.type, "object");
      // APIs of models refuse these at the top, and other names of fields.
      assert(!("anyOf" in inputSchema || "oneOf" in inputSchema));
      const names = Object.keys(inputSchema.properties ?? {});
      assert(names.every((name) => /^[\w.-]{1,64}$/.test(name)));
    }
    // About 9,000 tokens, which a model reads before its first word.
    const inputs = tools.map(({ inputSchema }) => inputSchema);
    assert(JSON.stringify(inputs).length < 40_000);
    const { structuredContent, isError } = await client.callTool({
      name: "execute_batch",
      arguments: {
        prompts: ["2+2"],
        modelEndpoint: "http://model.example/v1/chat/completions",
      },
    });
    const { successful, responses } = structuredContent as {
      successful: number;
      responses: { response: string }[];
    };
    assertEquals([isError ?? false, successful], [false, 1]);
    assertEquals(responses[0].response, "4");
    await client.close();
  }
});

Deno.test("answerMcp() says every problem of a call, so that a model can mend it", async () => {
  const client = await connect();
  const { isError, content } = await client.callTool({
    name: "execute_batch",
    arguments: { prompts: [""], modelEndpoint: "ftp://x", colour: "red" },
  });
  assertEquals(isError, true);
  assertMatch(JSON.stringify(content), /prompts[^]*colour/);
  await assertRejects(
    () => client.callTool({ name: "fly", arguments: {} }),
    Error,
    "the tools are extract_prompts",
  );
});

Deno.test("answerMcp() takes arguments that a client has written as texts", async () => {
  const client = await connect();
  const { structuredContent } = await client.callTool({
    name: "execute_batch",
    arguments: {
      prompts: '["2+2"]',
      modelEndpoint: "http://model.example/v1/chat/completions",
    },
  });
  assertEquals((structuredContent as { successful: number }).successful, 1);
  await client.close();
});

Deno.test("answerMcp() gives results as resources, and to models by read_result", async () => {
  const client = await connect();
  const { resources } = await client.listResources();
  assertEquals(resources.map(({ uri }) => uri), [
    "prompt-pipeline://endpoints",
    "prompt-pipeline://evaluators",
    "prompt-pipeline://runs",
    "prompt-pipeline://runs/7",
  ]);
  const { resourceTemplates } = await client.listResourceTemplates();
  assertEquals(resourceTemplates.length + 3, RESULTS.length);
  const uri = "prompt-pipeline://runs/7/evaluations";
  const { contents: [page] } = await client.readResource({ uri });
  assert("text" in page);
  assertEquals(JSON.parse(page.text), {
    rows: [{ id: 5, response: "4" }],
    next: "prompt-pipeline://runs/7/evaluations/after/5%20a%25b%20c",
  });
  await client.callTool({
    name: "read_result",
    arguments: { uri: JSON.parse(page.text).next },
  });
  assertEquals(asked.at(-1), ["export_evaluations", {
    results_table: "march",
    run_id: "7",
    after: "5 a%b c",
    most: 20,
  }]);
  await assertRejects(
    () => client.readResource({ uri: "prompt-pipeline://elsewhere" }),
    Error,
    "the addresses are",
  );
});

Deno.test("answerMcp() tells what an evaluator takes where it is asked, not in every tool", async () => {
  const client = await connect();
  const { tools } = await client.listTools();
  const run = tools.find(({ name }) => name === "run_pipeline")!;
  const { evaluators } = run.inputSchema.properties as {
    evaluators: { items: { properties: { type: { enum: string[] } } } };
  };
  const { contents: [told] } = await client.readResource({
    uri: "prompt-pipeline://evaluators",
  });
  assert("text" in told);
  const schemas = JSON.parse(told.text);
  assertEquals(
    Object.keys(schemas),
    evaluators.items.properties.type.enum,
  );
  assert("max" in schemas.length.properties);
});

Deno.test("answerMcp() keeps a user to what is theirs", async () => {
  const client = await connect({ authorization: "Bearer user" });
  await assertRejects(
    () => client.readResource({ uri: "prompt-pipeline://runs/7/evaluations" }),
    Error,
    "Cannot find run 7",
  );
  await client.readResource({ uri: "prompt-pipeline://comparisons/a/b%20c" });
  assertEquals(asked.at(-1), ["compare_experiments", {
    baseline: "a",
    candidate: "b c",
    owner: USER,
  }]);
});

Deno.test("answerMcp() tells whoever has no key where to sign in", async () => {
  const response = await send({ method: "POST", body: "{}" });
  assertEquals(response.status, 401);
  const [, address] = /resource_metadata="([^"]+)"/.exec(
    response.headers.get("www-authenticate")!,
  )!;
  assertEquals(await (await send({}, address)).json(), {
    resource: "https://p.example/functions/v1/prompt-pipeline/mcp",
    authorization_servers: ["https://p.example/auth/v1"],
    bearer_methods_supported: ["header"],
  });
});

Deno.test("answerMcp() keeps no stream and no session, and refuses pages of other origins", async () => {
  const key = { apikey: "secret" };
  for (const method of ["GET", "DELETE"]) {
    assertEquals((await send({ method, headers: key })).status, 405);
  }
  const statuses = await Promise.all(
    ["https://evil.example", "http://localhost:6274", "https://p.example"]
      .map(async (origin) =>
        (await send({
          method: "POST",
          headers: { ...key, origin, "content-type": "application/json" },
          body: "{}",
        })).status
      ),
  );
  assertEquals(statuses, [403, 400, 400]);
});

Deno.test("answerMcp() takes no origin for the project's because a header says so", async () => {
  const origin = "http://evil.example";
  const statuses = await Promise.all(
    [undefined, "https://p.example"].map(async (publicUrl) => {
      const request = new Request(URL_OF_MCP, {
        method: "POST",
        headers: {
          apikey: "secret",
          origin,
          "content-type": "application/json",
          "x-forwarded-host": "evil.example",
        },
        body: "{}",
      });
      const addresses = { supabaseUrl: "http://kong:8000", publicUrl };
      return (await answerMcp(request, addresses, dependencies)).status;
    }),
  );
  assertEquals(statuses, [403, 403]);
});
