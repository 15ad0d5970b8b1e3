import { assertEquals, assertMatch } from "@std/assert";
import { decodeProtectedHeader, importJWK, jwtVerify } from "jose";
import {
  createKeys,
  createKeySet,
  readOrCreateKeys,
  signUserToken,
} from "./keys.ts";

Deno.test("readOrCreateKeys() keeps the keys of a folder", async () => {
  const folder = await Deno.makeTempDir();
  const keys = await readOrCreateKeys(folder);
  assertMatch(keys.publishableKey, /^sb_publishable_/);
  assertMatch(keys.secretKey, /^sb_secret_/);
  assertEquals(await readOrCreateKeys(folder), keys);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("signUserToken() signs what the key set accepts", async () => {
  const keys = await createKeys();
  const issuer = "http://127.0.0.1/auth/v1";
  const token = await signUserToken(keys, issuer, "ada", { plan: "free" });
  const { kid } = decodeProtectedHeader(token);
  const key = createKeySet(keys).keys.find((key) => key.kid === kid)!;
  const { payload } = await jwtVerify(token, await importJWK(key), {
    issuer,
    audience: "authenticated",
  });
  assertEquals(payload.sub, "ada");
  assertEquals(payload.role, "authenticated");
  assertEquals(payload.plan, "free");
});
