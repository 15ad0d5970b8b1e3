import { assert, assertEquals, assertMatch } from "@std/assert";
import { PipelineError } from "../_shared/errors.ts";
import type { HandlerDependencies } from "../_shared/http/operation_handler.ts";
import { createHandler } from "./handler.ts";

const ADDRESSES = { supabaseUrl: "https://p.example", publicUrl: undefined };

const dependencies: HandlerDependencies = {
  authenticate: (request) =>
    request.headers.get("apikey") === "right"
      ? Promise.resolve({ kind: "service" })
      : Promise.reject(new PipelineError("unauthorized", "Cannot accept")),
  log: () => {},
  services: {
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

function send(body: unknown, apikey = "right"): Promise<Response> {
  return createHandler(ADDRESSES, dependencies)(
    new Request("http://localhost/prompt-pipeline", {
      method: "POST",
      headers: { apikey },
      body: typeof body === "string" ? body : JSON.stringify(body),
    }),
  );
}

Deno.test("createHandler() runs the operation that the body names", async () => {
  const response = await send({
    operation: "execute_batch",
    prompts: ["2+2"],
    modelEndpoint: "http://model.example/v1/chat/completions",
  });
  assertEquals(response.status, 200);
  const { responses, successful } = await response.json();
  assertEquals([successful, responses[0].response], [1, "4"]);
});

Deno.test("createHandler() runs the operation that the path names, also as a function of its name", async () => {
  for (const path of ["prompt-pipeline/execute-batch", "execute-batch"]) {
    const response = await createHandler(
      ADDRESSES,
      dependencies,
    )(
      new Request(`http://localhost/${path}`, {
        method: "POST",
        headers: { apikey: "right" },
        body: JSON.stringify({
          prompts: ["2+2"],
          modelEndpoint: "http://model.example/v1/chat/completions",
        }),
      }),
    );
    assertEquals((await response.json()).successful, 1, path);
  }
});

Deno.test("createHandler() lists the operations when the body names none", async () => {
  const response = await send({ operation: "fly" });
  assertEquals(response.status, 400);
  assertMatch(
    (await response.json()).message,
    /extract_prompts, execute_batch/,
  );
});

Deno.test("createHandler() lists every problem of an input", async () => {
  const response = await send({
    operation: "execute_batch",
    prompts: [""],
    modelEndpoint: "ftp://x",
    colour: "red",
  });
  assertEquals(response.status, 400);
  const { errors } = await response.json();
  const messages = errors.map(({ message }: { message: string }) => message);
  assertEquals(messages.length, 3);
  assert(messages.some((message: string) => message.includes("colour")));
});

Deno.test("createHandler() refuses a wrong key and other methods", async () => {
  assertEquals(
    (await send({ operation: "execute_batch" }, "wrong")).status,
    401,
  );
  const response = await createHandler(ADDRESSES, dependencies)(
    new Request("http://localhost", { method: "DELETE" }),
  );
  assertEquals(response.status, 405);
});

Deno.test("createHandler() answers preflight requests of pages", async () => {
  const response = await createHandler(ADDRESSES, dependencies)(
    new Request("http://localhost", { method: "OPTIONS" }),
  );
  assertEquals(response.status, 204);
  assertMatch(
    response.headers.get("access-control-allow-headers")!,
    /apikey.*idempotency-key/,
  );
});

Deno.test("createHandler() describes every operation on GET, without a key", async () => {
  const response = await createHandler(
    ADDRESSES,
    dependencies,
  )(new Request("http://localhost/prompt-pipeline"));
  const document = await response.json();
  assertEquals(document.openapi, "3.1.0");
  assertEquals(document.servers, [{
    url: "https://p.example/functions/v1/prompt-pipeline",
  }]);
  const { post } = document.paths["/execute-batch"];
  const schema = post.requestBody.content["application/json"].schema;
  assert(schema.properties.prompts && schema.properties.maxConcurrency);
  assertEquals(Object.keys(document.paths).includes("/run-pipeline"), true);
});
