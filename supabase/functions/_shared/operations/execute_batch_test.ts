import {
  assertEquals,
  assertMatch,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  executeBatch,
  type ExecuteBatchDependencies,
} from "./execute_batch.ts";
import {
  type ExecuteBatchInput,
  executeBatchSchema,
} from "./execute_batch_schema.ts";

/** A model that answers by prompt; time passes only while something waits for it. */
function createModel(
  answer: (prompt: string, call: number) => Response | Promise<Response>,
) {
  let now = 0;
  let calls = 0;
  const dependencies: ExecuteBatchDependencies = {
    caller: { kind: "service" },
    model: {
      fetch: async (_url, init) => {
        const { messages } = JSON.parse(String(init?.body));
        const { signal } = init!;
        const aborted = new Promise<never>((_, reject) =>
          signal!.addEventListener("abort", () => reject(signal!.reason))
        );
        return await Promise.race([
          answer(messages.at(-1).content, ++calls),
          aborted,
        ]);
      },
      resolveSecret: () => Promise.reject(new Error("no secrets")),
      now: () => now,
      allowPrivateHosts: true,
    },
    clock: {
      now: () => now,
      wait: (milliseconds) => {
        now += Math.min(milliseconds, 1e9);
        return Promise.resolve();
      },
    },
    random: () => 0.5,
  };
  return { dependencies, calls: () => calls, now: () => now };
}

const saying = (content: string) =>
  Response.json({ choices: [{ message: { content } }] });

function run(
  model: ReturnType<typeof createModel>,
  input: Partial<ExecuteBatchInput>,
  more: Partial<ExecuteBatchDependencies> = {},
) {
  return executeBatch(
    executeBatchSchema.parse({
      modelEndpoint: "http://model.example/v1/chat/completions",
      prompts: [],
      ...input,
    }),
    { ...model.dependencies, ...more },
  );
}

Deno.test("executeBatch() answers in the order of the prompts", async () => {
  const model = createModel(async (prompt) => {
    if (prompt === "first") {
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    }
    return saying(prompt.toUpperCase());
  });
  const { responses, successful, errors } = await run(model, {
    prompts: ["first", { text: "second", key: "k", reference: "r" }],
  });
  assertEquals(responses.map(({ response }) => response), ["FIRST", "SECOND"]);
  assertEquals([responses[1].promptKey, responses[1].reference], ["k", "r"]);
  assertEquals([successful, errors], [2, []]);
});

Deno.test("executeBatch() names prompt and batch of a failure and goes on", async () => {
  const model = createModel((prompt) =>
    prompt === "bad" ? new Response("no", { status: 422 }) : saying("yes")
  );
  const { responses, failed, errors } = await run(model, {
    prompts: ["a", "b", "bad", "c"],
    batchSize: 2,
  });
  assertEquals(responses.map(({ success }) => success), [
    true,
    true,
    false,
    true,
  ]);
  assertEquals(failed, 1);
  assertEquals(errors[0].context, { prompt: 2, batch: 2 });
});

Deno.test("executeBatch() tries again what failed in passing", async () => {
  const model = createModel((_, call) =>
    call < 3 ? new Response("", { status: 500 }) : saying("at last")
  );
  const { responses } = await run(model, { prompts: ["a"] });
  assertEquals([responses[0].response, responses[0].attempts], ["at last", 3]);
  const strict = createModel(() => new Response("", { status: 500 }));
  await run(strict, { prompts: ["a"], requestOptions: { retries: 0 } });
  assertEquals(strict.calls(), 1);
});

Deno.test("executeBatch() waits as long as a rate limit asks for", async () => {
  const model = createModel((_, call) =>
    call === 1
      ? new Response("", { status: 429, headers: { "retry-after": "7" } })
      : saying("ok")
  );
  const { responses } = await run(model, { prompts: ["a"] });
  assertEquals([responses[0].success, responses[0].attempts], [true, 1]);
  assertEquals(model.now() >= 7000, true);
});

Deno.test("executeBatch() sends nothing more after a refused key", async () => {
  const model = createModel(() => new Response("", { status: 401 }));
  const { responses, errors } = await run(model, {
    prompts: ["a", "b", "c"],
    maxConcurrency: 1,
  });
  assertEquals(model.calls(), 1);
  assertEquals(responses.length, 3);
  assertMatch(responses[0].error!, /HTTP 401\. Check the endpoint's key$/);
  assertMatch(responses[2].error!, /Not executed.*Check the endpoint's key$/);
  assertStrictEquals(errors[0].message, responses[0].error);
  assertEquals(errors.at(-1)!.context, { rest: [1, 2] });
});

Deno.test("executeBatch() answers what is finished when the time is up", async () => {
  let pass: () => void = () => {};
  const timeUp = new Promise<void>((resolve) => pass = resolve);
  const model = createModel((_, call) => {
    if (call === 2) pass();
    return call === 1 ? saying("in time") : new Promise(() => {});
  });
  const { responses, errors } = await run(model, {
    prompts: ["a", "b", "c"],
    maxConcurrency: 1,
  }, {
    limits: { milliseconds: 50, prompts: 10 },
    clock: {
      now: () => 0,
      wait: (milliseconds) => milliseconds === 50 ? timeUp : Promise.resolve(),
    },
  });
  assertEquals(responses.map(({ success }) => success), [true, false, false]);
  assertEquals(errors[0].code, "incomplete");
  assertEquals(errors[0].context, { rest: [1, 2] });
  assertMatch(errors[0].message, /run_pipeline/);
});

Deno.test("executeBatch() refuses what a direct call cannot do", async () => {
  const model = createModel(() => saying("never"));
  assertObjectMatch(
    await assertRejects(
      () =>
        run(model, { prompts: ["a", "b"] }, {
          limits: { milliseconds: 1, prompts: 1 },
        }),
      Error,
    ),
    { code: "too_large" },
  );
  assertObjectMatch(
    await assertRejects(
      () =>
        run(model, { prompts: ["a"] }, { caller: { kind: "user", id: "u" } }),
      Error,
    ),
    { code: "forbidden" },
  );
  assertEquals(model.calls(), 0);
});
