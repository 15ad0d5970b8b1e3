import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { PipelineError } from "../errors.ts";
import {
  createModelCaller,
  type ModelCallerDependencies,
} from "./call_model.ts";
import type { Endpoint } from "./endpoint.ts";
import type { ModelRequest } from "./model_request.ts";
import type { ModelResult } from "./model_result.ts";
import type { TaskError } from "../task_error.ts";

const ENDPOINT: Endpoint = {
  name: "mine",
  url: "https://api.example.com/v1/chat/completions",
  model: "m-1",
  headers: {},
  timeoutSeconds: 10,
};

const ANSWER = {
  model: "m-1-0613",
  choices: [{ message: { content: "Hi" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 3, completion_tokens: 1 },
};

interface Setup {
  endpoint?: Partial<Endpoint>;
  dependencies?: Partial<ModelCallerDependencies>;
  request?: Partial<ModelRequest>;
}

/** Calls an endpoint that gives the response (or throws what it is given). */
async function call(
  respond: (request: Request) => Response | Promise<Response>,
  { endpoint, dependencies, request }: Setup = {},
): Promise<ModelResult> {
  const caller = createModelCaller({ ...ENDPOINT, ...endpoint }, {
    fetch: async (input, init) => await respond(new Request(input, init)),
    resolveSecret: (name) => Promise.resolve(`value-of-${name}`),
    now: () => 0,
    allowPrivateHosts: false,
    ...dependencies,
  });
  return await caller.call({ prompt: "Hello", parameters: {}, ...request });
}

async function errorOf(
  respond: (request: Request) => Response | Promise<Response>,
  setup?: Setup,
): Promise<TaskError> {
  const result = await call(respond, setup);
  if (result.ok) throw new Error(`expected a failure, got "${result.text}"`);
  return result.error;
}

const answers = () => Response.json(ANSWER);

Deno.test("call() gives text, finish reason, tokens and model", async () => {
  assertEquals(await call(answers), {
    ok: true,
    text: "Hi",
    finishReason: "stop",
    inputTokens: 3,
    outputTokens: 1,
    model: "m-1-0613",
    durationMs: 0,
    limits: undefined,
    body: undefined,
  });
});

Deno.test("call() sends JSON by POST with the endpoint's headers", async () => {
  let sent: Request | undefined;
  await call((request) => {
    sent = request;
    return answers();
  }, {
    endpoint: { headers: { Authorization: "Bearer {{secret:KEY}}" } },
    request: { parameters: { temperature: 0 } },
  });
  assertEquals(sent!.method, "POST");
  assertStrictEquals(sent!.url, ENDPOINT.url);
  assertEquals(sent!.redirect, "manual");
  assertEquals(sent!.headers.get("content-type"), "application/json");
  assertEquals(sent!.headers.get("authorization"), "Bearer value-of-KEY");
  assertEquals(await sent!.json(), {
    model: "m-1",
    messages: [{ role: "user", content: "Hello" }],
    temperature: 0,
  });
});

Deno.test("call() lets the endpoint's headers replace its own", async () => {
  let type: string | null = null;
  await call((request) => {
    type = request.headers.get("content-type");
    return answers();
  }, { endpoint: { headers: { "Content-Type": "application/json; v=2" } } });
  assertEquals(type, "application/json; v=2");
});

Deno.test("call() measures from the request sent to the last byte", async () => {
  let time = 0;
  const result = await call(() => {
    time += 200;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        time += 50;
        controller.enqueue(new TextEncoder().encode(JSON.stringify(ANSWER)));
        controller.close();
      },
    }, { highWaterMark: 0 });
    return new Response(body);
  }, {
    endpoint: { headers: { "x-key": "{{secret:KEY}}" } },
    dependencies: {
      now: () => time,
      resolveSecret: () => {
        time += 5000;
        return Promise.resolve("key");
      },
    },
  });
  assertEquals(result.durationMs, 250);
});

Deno.test("call() gives the parsed body when asked for", async () => {
  const kept = await call(answers, { request: { keepBody: true } });
  assertEquals(kept.body, ANSWER);
  const failed = await call(
    () => Response.json({ error: { message: "no" } }, { status: 500 }),
    { request: { keepBody: true } },
  );
  assertEquals(failed.body, { error: { message: "no" } });
});

Deno.test("call() reports the endpoint's limits with success and failure", async () => {
  const headers = { "x-ratelimit-remaining-requests": "4" };
  const limits = { requests: { remaining: 4 } };
  assertEquals(
    (await call(() => Response.json(ANSWER, { headers }))).limits,
    limits,
  );
  assertEquals(
    (await call(() => new Response("", { status: 500, headers }))).limits,
    limits,
  );
});

Deno.test("call() counts the tokens of an answer that was filtered", async () => {
  const result = await call(() =>
    Response.json({
      ...ANSWER,
      choices: [{ message: {}, finish_reason: "content_filter" }],
    })
  );
  assertEquals(result.ok, false);
  assertEquals(result.inputTokens, 3);
});

Deno.test("call() times out while the response is awaited", async () => {
  const error = await errorOf(
    (request) =>
      new Promise((_, reject) => {
        request.signal.onabort = () => reject(new Error("aborted"));
      }),
    { endpoint: { timeoutSeconds: 0.01 } },
  );
  assertEquals(error.class, "transient");
  assertEquals(error.code, "timeout");
  assertMatch(error.message, /did not answer within 0\.01 s/);
});

Deno.test("call() times out while the body is read", async () => {
  const error = await errorOf(
    (request) => {
      const body = new ReadableStream({
        start(controller) {
          request.signal.onabort = () => controller.error(new Error("aborted"));
        },
      });
      return new Response(body);
    },
    { endpoint: { timeoutSeconds: 0.01 } },
  );
  assertEquals(error.code, "timeout");
});

Deno.test("call() times out while a secret is looked up", async () => {
  const error = await errorOf(answers, {
    endpoint: {
      timeoutSeconds: 0.01,
      headers: { "x-key": "{{secret:KEY}}" },
    },
    dependencies: { resolveSecret: () => new Promise(() => {}) },
  });
  assertEquals(error.code, "timeout");
});

Deno.test("call() is aborted by the caller's signal, before or during", async () => {
  const early = await errorOf(answers, {
    request: { signal: AbortSignal.abort() },
  });
  assertEquals(early.code, "aborted");
  const controller = new AbortController();
  const late = await errorOf(
    (request) =>
      new Promise((_, reject) => {
        request.signal.onabort = () => reject(new Error("aborted"));
        controller.abort();
      }),
    { request: { signal: controller.signal } },
  );
  assertEquals(late.code, "aborted");
  assertEquals(late.class, "transient");
});

Deno.test("call() leaves nothing behind on the caller's signal", async () => {
  let listeners = 0;
  const { signal } = new AbortController();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  Object.assign(signal, {
    addEventListener(...line: Parameters<typeof add>) {
      listeners++;
      add(...line);
    },
    removeEventListener(...line: Parameters<typeof remove>) {
      listeners--;
      remove(...line);
    },
  });
  await call(answers, { request: { signal } });
  assertEquals(listeners, 0);
});

Deno.test("call() never shows a secret that the endpoint repeats", async () => {
  const setup: Setup = {
    endpoint: { headers: { "x-api-key": "{{secret:KEY}}" } },
    request: { keepBody: true },
  };
  const echo = (request: Request) => request.headers.get("x-api-key")!;
  const results = [
    await call((request) => {
      const content = `Your key is ${echo(request)}`;
      const choices = [{ message: { content }, finish_reason: "stop" }];
      return Response.json({ model: echo(request), choices });
    }, setup),
    await call((request) => {
      const message = `${"x".repeat(495)}${echo(request)}`;
      return Response.json({ error: { message } }, { status: 400 });
    }, setup),
    await call(
      (request) => new Response(`<html>${echo(request)}`, { status: 502 }),
      setup,
    ),
    await call((request) => {
      const location = `https://elsewhere.example/${echo(request)}`;
      return new Response(null, { status: 307, headers: { location } });
    }, setup),
  ];
  for (const result of results) {
    assertEquals(JSON.stringify(result).includes("value-"), false);
    assertMatch(JSON.stringify(result), /\[secret/);
  }
});

Deno.test("call() pauses the run when a secret is missing", async () => {
  const error = await errorOf(answers, {
    endpoint: { headers: { "x-key": "{{secret:KEY}}" } },
    dependencies: {
      resolveSecret: (name) =>
        Promise.reject(
          new PipelineError("not_found", `${name} is not in Vault`),
        ),
    },
  });
  assertEquals(error.class, "stop");
  assertEquals(error.code, "secret_unavailable");
  assertMatch(error.message, /KEY is not in Vault/);
});

Deno.test("call() hides what is in the endpoint's row from those who may not see it", async () => {
  const location = "https://elsewhere.example/secret-path";
  for (
    const [respond, headers] of [
      [answers, { "x-key": "{{secret:INTERNAL_NAME}}" }],
      [answers, { "bad name": "INTERNAL_NAME" }],
      [() => new Response(null, { status: 307, headers: { location } }), {}],
    ] as const
  ) {
    const error = await errorOf(respond, {
      endpoint: { headers },
      dependencies: {
        hidesEndpoint: true,
        resolveSecret: (name) => Promise.reject(new Error(`no ${name}`)),
      },
    });
    const shown = JSON.stringify(error);
    assertEquals(/INTERNAL_NAME|bad name|elsewhere/.test(shown), false, shown);
  }
});

Deno.test("call() tries again when a secret's look-up fails", async () => {
  const error = await errorOf(answers, {
    endpoint: { headers: { "x-key": "{{secret:KEY}}" } },
    dependencies: { resolveSecret: () => Promise.reject(new Error("busy")) },
  });
  assertEquals(error.class, "transient");
});

Deno.test("call() looks a refused key up again for the next call", async () => {
  let lookups = 0;
  const caller = createModelCaller(
    { ...ENDPOINT, headers: { "x-key": "{{secret:KEY}}" } },
    {
      fetch: () => Promise.resolve(new Response("", { status: 401 })),
      resolveSecret: () => Promise.resolve(`key-${++lookups}`),
      now: () => 0,
      allowPrivateHosts: false,
    },
  );
  await caller.call({ prompt: "a", parameters: {} });
  await caller.call({ prompt: "b", parameters: {} });
  assertEquals(lookups, 2);
});

Deno.test("call() does not call a private host", async () => {
  let called = false;
  const error = await errorOf(() => {
    called = true;
    return answers();
  }, { endpoint: { url: "https://169.254.169.254/v1/chat/completions" } });
  assertEquals(called, false);
  assertEquals(error.class, "stop");
  assertEquals(error.code, "egress_refused");
});

Deno.test("call() tries again when DNS has no answer", async () => {
  const error = await errorOf(answers, {
    dependencies: { resolveDns: () => Promise.reject(new Error("NXDOMAIN")) },
  });
  assertEquals(error.class, "transient");
  assertEquals(error.code, "dns");
});

Deno.test("call() does not follow a redirect and hides its query", async () => {
  const error = await errorOf(() =>
    new Response(null, {
      status: 302,
      headers: { location: "http://10.0.0.1/login?token=hush" },
    })
  );
  assertEquals(error.class, "permanent");
  assertEquals(error.code, "redirect");
  assertMatch(error.message, /it points to http:\/\/10\.0\.0\.1\/login$/);
});

Deno.test("call() gives up a response above the limit", async () => {
  const error = await errorOf(() => new Response("x".repeat(101)), {
    dependencies: { responseLimitBytes: 100 },
  });
  assertEquals(error.class, "permanent");
  assertEquals(error.code, "response_too_large");
});

Deno.test("call() pauses the run for parameters the API cannot take", async () => {
  const error = await errorOf(answers, {
    endpoint: { url: "https://api.anthropic.com/v1/messages" },
    request: { parameters: { seed: 1 } },
  });
  assertEquals(error.class, "stop");
  assertEquals(error.code, "unsupported_parameter");
  assertMatch(error.message, /Cannot send seed/);
});

for (
  const [endpoint, problem] of [
    [{ url: "nowhere" }, /Invalid URL/],
    [{ requestTemplate: "{{promt}}" }, /Cannot fill \{\{promt\}\}/],
    [{ responsePath: { text: "a[" } }, /Cannot read the JSON path/],
    [{ headers: { "bad name": "x" } }, /Cannot send the header "bad name"/],
  ] as const
) {
  Deno.test(`call() pauses the run for an endpoint with ${JSON.stringify(endpoint)}`, async () => {
    const error = await errorOf(answers, { endpoint });
    assertEquals(error.class, "stop");
    assertMatch(error.message, problem);
  });
}

Deno.test("call() throws a bug on", async () => {
  const caller = createModelCaller(ENDPOINT, {
    fetch: () => Promise.resolve(Response.json(ANSWER)),
    resolveSecret: () => Promise.resolve(""),
    now: () => 0,
    allowPrivateHosts: true,
  });
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  let thrown: unknown;
  await caller.call({ prompt: "a", parameters: { circular } })
    .catch((error) => thrown = error);
  assertEquals(thrown instanceof TypeError, true);
});
