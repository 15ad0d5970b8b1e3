import { assertEquals, assertMatch } from "@std/assert";
import type { LogFacts } from "../log.ts";
import { createOperationHandler } from "./operation_handler.ts";

const SECRETS = ["the prompt", "the answer", "sb_secret_key", "header value"];

async function send(run: () => Promise<unknown>, headers: HeadersInit = {}) {
  const lines: [string, string, LogFacts][] = [];
  let time = 0;
  const handle = createOperationHandler(
    (input) => ({ operation: { run }, name: "execute_batch", input }),
    1_000,
    {
      authenticate: () => Promise.resolve({ kind: "service" }),
      log: (...line) => lines.push(line),
      services: {
        clock: { now: () => time += 5, wait: () => Promise.resolve() },
      } as never,
    },
  );
  const response = await handle(
    new Request("http://localhost", {
      method: "POST",
      body: JSON.stringify({ prompts: ["the prompt"] }),
      headers: {
        apikey: "sb_secret_key",
        "x-mine": "header value",
        ...headers,
      },
    }),
  );
  return { lines, response };
}

Deno.test("createOperationLog() tells status, counts and duration under the id that the answer carries", async () => {
  const { lines, response } = await send(
    () =>
      Promise.resolve({
        responses: ["the answer"],
        successful: 1,
        runId: 7,
        note: "the answer",
      }),
    { "x-request-id": "r-1" },
  );
  assertEquals(lines, [
    ["debug", "operation started", {
      operation: "execute_batch",
      request: "r-1",
    }],
    ["info", "operation", {
      operation: "execute_batch",
      request: "r-1",
      status: 200,
      responses: 1,
      successful: 1,
      run: 7,
      durationMs: 5,
    }],
  ]);
  assertEquals(response.headers.get("x-request-id"), "r-1");
  for (const secret of SECRETS) {
    assertEquals(JSON.stringify(lines).includes(secret), false);
  }
});

Deno.test("createOperationLog() makes an id where what is sent is none", async () => {
  const { response } = await send(() => Promise.resolve({}), {
    "x-request-id": 'a"b c',
  });
  assertMatch(response.headers.get("x-request-id")!, /^[0-9a-f-]{36}$/);
});

Deno.test("createOperationLog() calls a bug an error and says nothing of it", async () => {
  const { lines, response } = await send(() =>
    Promise.reject(new Error("the prompt"))
  );
  const [level, , { status }] = lines.at(-1)!;
  assertEquals([level, status, response.status], ["error", 500, 500]);
  assertEquals(JSON.stringify(lines).includes("the prompt"), false);
});
