import { assertEquals } from "@std/assert";
import { createClient } from "@supabase/supabase-js";
import { withProject } from "./project.ts";

Deno.test("POST /evaluate-results in a project without signing keys → users are known, nobody gets 500", () =>
  withProject(async (project) => {
    const { url, publishableKey, secretKey } = project;
    const { data, error } = await createClient(url, publishableKey, {
      auth: { persistSession: false },
    }).auth.signUp({ email: "ada@example.com", password: "a long password" });
    if (error) throw error;
    const token = data.session!.access_token;
    const senders: [expected: number, headers: Record<string, string>][] = [
      [400, { apikey: secretKey }],
      [400, { authorization: `Bearer ${secretKey}` }],
      [400, { apikey: secretKey, authorization: "Bearer a.b.c" }],
      [400, { apikey: publishableKey, authorization: `Bearer ${token}` }],
      [401, {}],
      [401, { apikey: publishableKey }],
      [401, { apikey: publishableKey, authorization: `Bearer ${token}x` }],
      [401, { authorization: `Bearer ${publishableKey}` }],
      [401, { authorization: "Bearer a.b.c" }],
    ];
    for (const [expected, headers] of senders) {
      const response = await fetch(`${url}/functions/v1/evaluate-results`, {
        method: "POST",
        headers,
        body: "{}",
      });
      const answer = `${JSON.stringify(headers)}: ${await response.text()}`;
      assertEquals(response.status, expected, answer);
    }
  }, { functionEnv: { SUPABASE_JWKS: '{"keys":[]}' } }));
