import { assertEquals } from "@std/assert";
import { PipelineError } from "../_shared/errors.ts";
import type { Assignment } from "../_shared/stages/assignment.ts";
import { createHandler } from "./handler.ts";

const wake = {
  stage: "execute",
  runId: 1,
  workerId: "6f2f9d0e-7a3c-4a53-9f3b-0d1f0c5f6a11",
  token: "t",
};

const assignment: Assignment = {
  workerId: wake.workerId,
  stage: "execute",
  run: {
    id: 1,
    owner: null,
    model: null,
    parameters: {},
    options: {},
    evaluators: [],
    resultsTable: "prompt_evaluations",
  },
  endpoint: {
    name: "e",
    url: "https://model.example",
    format: null,
    model: null,
    headers: {},
    request_template: null,
    response_path: null,
    timeout_seconds: 60,
    max_output_tokens: null,
  },
};

function createFakes(started: Assignment | null) {
  const works: Promise<void>[] = [];
  const handle = createHandler(
    {
      start: () => Promise.resolve(started),
      work: () => Promise.resolve(),
      waitUntil: (work) => works.push(work),
    },
    () => Promise.reject(new PipelineError("unauthorized", "Cannot accept it")),
  );
  const post = (body: unknown) =>
    handle(
      new Request("http://localhost/pipeline-worker", {
        method: "POST",
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    );
  return { handle, post, works };
}

Deno.test("createHandler() tells of the worker only who may ask", async () => {
  const { handle, works } = createFakes(assignment);
  const response = await handle(
    new Request("http://localhost/pipeline-worker"),
  );
  assertEquals([response.status, works.length], [401, 0]);
});

Deno.test("createHandler() answers 202 and works afterwards", async () => {
  const { post, works } = createFakes(assignment);
  const response = await post(wake);
  assertEquals(response.status, 202);
  assertEquals(await response.json(), { workerId: wake.workerId });
  assertEquals(works.length, 1);
});

Deno.test("createHandler() refuses a spent token and does no work", async () => {
  const { post, works } = createFakes(null);
  const response = await post(wake);
  assertEquals(response.status, 401);
  assertEquals((await response.json()).code, "unauthorized");
  assertEquals(works.length, 0);
});

Deno.test("createHandler() refuses a body that is not a wake", async () => {
  const { post } = createFakes(assignment);
  for (const body of ["not json", {}, { ...wake, workerId: "1" }]) {
    assertEquals((await post(body)).status, 400);
  }
});

Deno.test("createHandler() reads no more of a body than a wake has", async () => {
  const { post } = createFakes(assignment);
  assertEquals(
    (await post({ ...wake, token: "t".repeat(10_000) })).status,
    413,
  );
});
