import { assertEquals, assertObjectMatch, assertRejects } from "@std/assert";
import { createAuthenticator } from "./authenticate.ts";

const NAMED = "sb_secret_named";
const LEGACY = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.service";
const ANON = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.anon";
const USER = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYXV0aGVudGljYXRlZCJ9.user";

/** A project whose Auth knows one user by a token without `kid`, as before signing keys. */
function createProject(status = 403) {
  const asked: (string | undefined)[] = [];
  const auth = {
    getUser(token?: string) {
      asked.push(token);
      return Promise.resolve(
        token === USER
          ? { data: { user: { id: "u", role: "authenticated" } }, error: null }
          : {
            data: { user: null },
            error: { status, message: "invalid claim: missing sub claim" },
          },
      );
    },
  } as unknown as Parameters<typeof createAuthenticator>[1];
  const authenticate = createAuthenticator({
    supabaseUrl: "http://kong:8000",
    secretKeys: { named: NAMED, service_role: LEGACY },
  }, auth);
  return {
    asked,
    send: (headers: { apikey?: string; authorization?: string }) =>
      authenticate(
        new Request("http://localhost", {
          headers: headers as Record<string, string>,
        }),
      ),
  };
}

Deno.test("createAuthenticator() takes every secret key for the service, wherever it is", async () => {
  const { send, asked } = createProject();
  for (const key of [NAMED, LEGACY]) {
    for (
      const headers of [
        { apikey: key },
        { authorization: `Bearer ${key}` },
        { apikey: key, authorization: `Bearer ${USER}` },
        { apikey: key, authorization: `Bearer ${ANON}` },
        { apikey: "sb_publishable_x", authorization: `Bearer ${key}` },
      ]
    ) assertEquals(await send(headers), { kind: "service" });
  }
  assertEquals(asked, []);
});

Deno.test("createAuthenticator() asks Auth about a token that it cannot verify", async () => {
  const { send, asked } = createProject();
  const headers = { apikey: ANON, authorization: `Bearer ${USER}` };
  assertEquals(await send(headers), {
    kind: "user",
    id: "u",
    isAnonymous: false,
  });
  assertEquals(asked, [USER]);
});

Deno.test("createAuthenticator() refuses every other key and says why", async () => {
  const { send } = createProject();
  for (
    const headers of [
      {},
      { apikey: "sb_publishable_x" },
      { apikey: "sb_secret_forged" },
      { apikey: ANON },
      { authorization: `Bearer ${ANON}` },
      { apikey: ANON, authorization: `Bearer ${ANON}` },
      { authorization: "Bearer sb_secret_forged" },
      { authorization: "Bearer sb_publishable_x" },
      { authorization: "Bearer " },
      { authorization: "Basic eA==" },
      { apikey: "sb_publishable_x", authorization: "Bearer not a token" },
    ]
  ) {
    const error = await assertRejects(() => send(headers), Error);
    assertObjectMatch(error, { code: "unauthorized" });
    assertEquals(error.message.includes(LEGACY), false);
  }
});

Deno.test("createAuthenticator() does not blame the caller when Auth is away", async () => {
  const { send } = createProject(0);
  assertObjectMatch(
    await assertRejects(
      () => send({ authorization: "Bearer a.b.c" }),
      Error,
      "Auth does not answer",
    ),
    { code: "unavailable" },
  );
});
