import { deepEqual, equal, rejects } from "node:assert/strict";
import { createDatabase, toErrorCode } from "./database.ts";

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

Deno.test("createDatabase() passes name and parameters and returns the data", async () => {
  const { client, calls } = clientThatAnswers({ data: 7, error: null });
  equal(await createDatabase(client).call("f", { a: 1 }), 7);
  deepEqual(calls, [["f", { a: 1 }]]);
});

Deno.test("createDatabase() names the function in its error", async () => {
  const { client } = clientThatAnswers({
    error: { code: "PPL01", message: "gone" },
    status: 400,
  });
  await rejects(
    createDatabase(client).call("claim_tasks", {}),
    { code: "lease_lost", message: "Cannot call claim_tasks(): gone" },
  );
});

Deno.test("createDatabase() takes a gateway's answer for a database that cannot be reached", async () => {
  const { client } = clientThatAnswers({
    error: { code: 502, message: "no upstream" },
    status: 502,
  });
  await rejects(createDatabase(client).call("f", {}), { code: "unavailable" });
});

Deno.test("toErrorCode() tells passing faults from final ones", () => {
  equal(toErrorCode("57P03", 503), "unavailable");
  equal(toErrorCode(undefined, 0), "unavailable");
  equal(toErrorCode("", 502), "unavailable");
  equal(toErrorCode("40P01", 500), "unavailable");
  equal(toErrorCode("22023", 400), "invalid_request");
  equal(toErrorCode("23505", 409), "conflict");
  equal(toErrorCode("42501", 401), "forbidden");
  equal(toErrorCode("42883", 404), "internal");
});
