import { assertEquals } from "@std/assert";
import { isPublishable } from "./publishable_key.ts";

function toJwt(payload: unknown): string {
  return [{ alg: "HS256", typ: "JWT" }, payload, "signature"]
    .map((part) => btoa(JSON.stringify(part)).replaceAll("=", "")).join(".");
}

Deno.test("isPublishable() takes publishable keys and anon keys only", () => {
  const keys: [string, boolean][] = [
    ["sb_publishable_a1B2", true],
    [toJwt({ iss: "supabase", role: "anon" }), true],
    ["sb_secret_a1B2", false],
    [toJwt({ iss: "supabase", role: "service_role" }), false],
    [toJwt(null), false],
    ["not.a.key", false],
    ["anon", false],
    [`${toJwt({ role: "service_role" })} ${toJwt({ role: "anon" })}`, false],
  ];
  for (const [key, isPublic] of keys) {
    assertEquals(isPublishable(key), isPublic, key);
  }
});
