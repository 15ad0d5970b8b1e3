import { assertEquals, assertObjectMatch, assertRejects } from "@std/assert";
import { createDatabase, toErrorCode, withPatience } from "./database.ts";

function clientThatAnswers(answer: unknown) {
  const calls: unknown[][] = [];
  const client = {
    rpc: (...call: unknown[]) => {
      calls.push(call);
      return Promise.resolve(answer);
    },
  } as unknown as Parameters<typeof createDatabase>[0];
  return { client, calls };
}

Deno.test("createDatabase() passes name and arguments and returns the data", async () => {
  const { client, calls } = clientThatAnswers({ data: "s", error: null });
  assertEquals(
    await createDatabase(client).call("pipeline_read_secret", { name: "n" }),
    "s",
  );
  assertEquals(calls, [["pipeline_read_secret", { name: "n" }]]);
});

Deno.test("createDatabase() knows the functions, their arguments and their answers", async () => {
  const { call } = createDatabase(clientThatAnswers({ data: null }).client);
  // @ts-expect-error -- there is no such function
  await call("read_the_secret", {});
  // @ts-expect-error -- the argument is called name
  await call("pipeline_read_secret", { secret_name: "n" });
  // @ts-expect-error -- an argument that may be left out has a name too
  await call("pipeline_end_worker", { worker_id: "w", now: "2026-01-01" });
  // @ts-expect-error -- it answers a text
  const secret: number = await call("pipeline_read_secret", { name: "n" });
  assertEquals(secret, null);
});

Deno.test("createDatabase() names the function in its error", async () => {
  const { client } = clientThatAnswers({
    error: { code: "PPL01", message: "gone" },
    status: 400,
  });
  assertObjectMatch(
    await assertRejects(
      () =>
        createDatabase(client).call("pipeline_end_worker", { worker_id: "w" }),
      Error,
    ),
    { code: "lease_lost", message: "Cannot call pipeline_end_worker(): gone" },
  );
});

Deno.test("createDatabase() says that a function which is not there may be of a newer database", async () => {
  const { client } = clientThatAnswers({
    error: { code: "PGRST202", message: "no function", hint: "Perhaps" },
    status: 404,
  });
  await assertRejects(
    () => createDatabase(client).call("pipeline_version", {}),
    Error,
    "push the migrations first",
  );
});

Deno.test("createDatabase() takes a gateway's answer for a database that cannot be reached", async () => {
  const { client } = clientThatAnswers({
    error: { code: 502, message: "no upstream" },
    status: 502,
  });
  assertObjectMatch(
    await assertRejects(
      () => createDatabase(client).call("pipeline_read_secret", { name: "n" }),
      Error,
    ),
    { code: "unavailable" },
  );
});

Deno.test("withPatience() repeats calls until the database has been away for so long", async () => {
  const { client, calls } = clientThatAnswers({ error: {}, status: 0 });
  let now = 0;
  const clock = {
    now: () => now,
    wait: (milliseconds: number) => {
      now += milliseconds;
      return Promise.resolve();
    },
  };
  const { signal } = new AbortController();
  const database = withPatience(createDatabase(client), {
    forMs: 10_000,
    clock,
    signal,
  });
  const call = () => database.call("pipeline_end_worker", { worker_id: "w" });
  assertObjectMatch(await assertRejects(call, Error), { code: "unavailable" });
  // 0.1, 0.2, 0.4, 0.8, 1.6 and three times 2 s.
  assertEquals([calls.length, now], [9, 9_100]);
  assertObjectMatch(await assertRejects(call, Error), { code: "unavailable" });
  assertEquals(calls.length, 18);
});

Deno.test("withPatience() calls a slow evaluation function once", async () => {
  const { client, calls } = clientThatAnswers({
    error: { code: "57014", message: "canceling statement" },
    status: 500,
  });
  let now = 0;
  const wait = (milliseconds: number) => {
    now += milliseconds;
    return Promise.resolve();
  };
  const database = withPatience(createDatabase(client), {
    forMs: 10_000,
    clock: { now: () => now, wait },
    signal: new AbortController().signal,
  });
  assertObjectMatch(
    await assertRejects(
      () =>
        database.call("pipeline_call_evaluation_function", {
          name: "public.grade",
          rows: [],
        }),
      Error,
    ),
    { code: "timed_out" },
  );
  assertEquals([calls.length, now], [1, 0]);
});

Deno.test("toErrorCode() tells passing faults from final ones", () => {
  assertEquals(toErrorCode("57P03", 503), "unavailable");
  assertEquals(toErrorCode(undefined, 0), "unavailable");
  assertEquals(toErrorCode("", 502), "unavailable");
  assertEquals(toErrorCode("PGRST202", 404), "unavailable");
  assertEquals(toErrorCode("40P01", 500), "unavailable");
  assertEquals(toErrorCode("22023", 400), "invalid_request");
  assertEquals(toErrorCode("23505", 409), "conflict");
  assertEquals(toErrorCode("42501", 401), "forbidden");
  assertEquals(toErrorCode("PPL03", 400), "unauthorized");
  assertEquals(toErrorCode("42883", 404), "internal");
  // A gateway: the same results in smaller batches may pass.
  assertEquals(toErrorCode(undefined, 413), "too_large");
  assertEquals(toErrorCode("57014", 500), "timed_out");
  // What a function raises, or asks for too deeply, it would the next time, too.
  for (
    const sqlState of ["P0001", "P0003", "P0004", "38000", "39000", "54001"]
  ) {
    assertEquals(toErrorCode(sqlState, 500), "internal");
  }
  assertEquals(toErrorCode("57P01", 500), "unavailable");
  // supabase/supabase#32689: PostgREST answers 405.
  assertEquals(toErrorCode("25006", 405), "unavailable");
});

Deno.test("createDatabase() says what to do about a statement that takes too long", async () => {
  const { client } = clientThatAnswers({
    error: { code: "57014", message: "canceling statement" },
    status: 500,
  });
  assertObjectMatch(
    await assertRejects(
      () =>
        createDatabase(client).call("pipeline_end_worker", { worker_id: "w" }),
      Error,
      "Call pipeline_end_worker() in the SQL editor",
    ),
    { code: "timed_out" },
  );
});
