import { assertEquals } from "@std/assert";
import { createKeys, signUserToken } from "../keys.ts";
import { createGateway } from "./gateway.ts";

const keys = await createKeys();

/** A gateway whose backends answer with the URL that they were called with. */
function gatewayFor(verifyJwt: boolean) {
  return createGateway({
    rest: { url: () => "http://127.0.0.1:1" },
    functions: new Map([["hook", {
      call: (use) => use("http://127.0.0.1:2"),
      verifyJwt,
    }]]),
    apiKeys: [keys.publishableKey, keys.secretKey],
    signingSecret: new TextEncoder().encode(keys.jwtSecret),
  }, (target) => Promise.resolve(new Response(String(target))));
}

const hook = "http://localhost:54321/functions/v1/hook";

Deno.test("createGateway() passes REST on with path and query", async () => {
  const request = new Request("http://localhost:54321/rest/v1/runs?select=id");
  const response = await gatewayFor(true)(request);
  assertEquals(
    await response.text(),
    "http://127.0.0.1:1/rest/v1/runs?select=id",
  );
});

Deno.test("createGateway() lets pages of every origin ask REST, Auth and Storage", async () => {
  const asked = "authorization, apikey, content-type";
  const preflight = await gatewayFor(true)(
    new Request("http://localhost:54321/auth/v1/token", {
      method: "OPTIONS",
      headers: { "access-control-request-headers": asked },
    }),
  );
  assertEquals(preflight.headers.get("access-control-allow-headers"), asked);
  const answer = await gatewayFor(true)(
    new Request("http://localhost:54321/auth/v1/token"),
  );
  assertEquals(answer.headers.get("access-control-allow-origin"), "*");
});

Deno.test("createGateway() gives a function the path behind functions/v1", async () => {
  const response = await gatewayFor(false)(new Request(`${hook}/a?b=c`));
  assertEquals(await response.text(), "http://127.0.0.1:2/hook/a?b=c");
});

Deno.test("createGateway() lets nobody without a token to a function", async () => {
  const response = await gatewayFor(true)(new Request(hook));
  assertEquals(response.status, 401);
  assertEquals(await response.json(), {
    code: 401,
    message: "Missing authorization header",
  });
});

Deno.test("createGateway() lets a signed token and an API key to a function", async () => {
  const token = await signUserToken(keys, "http://localhost/auth/v1", "ada");
  const accepted: Record<string, string>[] = [
    { authorization: `Bearer ${token}` },
    { apikey: keys.secretKey },
  ];
  for (const headers of accepted) {
    const request = new Request(hook, { headers });
    assertEquals((await gatewayFor(true)(request)).status, 200);
  }
});

Deno.test("createGateway() refuses a forged token", async () => {
  const token = await signUserToken(await createKeys(), "x", "eve");
  const request = new Request(hook, {
    headers: { authorization: `Bearer ${token}` },
  });
  assertEquals((await gatewayFor(true)(request)).status, 401);
});

Deno.test("createGateway() knows no other functions and services", async () => {
  for (const path of ["functions/v1/nothing", "other/v1/x", "rest/v2/x"]) {
    const request = new Request(`http://localhost:54321/${path}`);
    assertEquals((await gatewayFor(false)(request)).status, 404);
  }
});

Deno.test("createGateway() says which service does not answer", async () => {
  const gateway = createGateway({
    rest: { url: () => "http://127.0.0.1:1" },
    functions: new Map(),
    apiKeys: [],
    signingSecret: new TextEncoder().encode(keys.jwtSecret),
  }, () => Promise.reject(new TypeError("connection refused")));
  const response = await gateway(
    new Request("http://localhost:54321/storage/v1/bucket"),
  );
  assertEquals(response.status, 502);
  assertEquals(
    (await response.json()).message,
    "Cannot reach storage: connection refused",
  );
});
