import { assertEquals } from "@std/assert";
import { sessionUrl } from "./session_url.ts";

Deno.test("sessionUrl() leaves the pooler of transactions, and nothing else", () => {
  const host = "aws-0-eu-central-1.pooler.supabase.com";
  for (
    const [given, expected] of [
      [`postgres://u:a:6543@${host}:6543/postgres`, `${host}:5432/postgres`],
      [`postgres://u@${host}:6543?sslmode=require`, `${host}:5432?sslmode`],
      [`postgres://u:a:6543@${host}/postgres`, `:6543@${host}/postgres`],
      ["abcdefghijklmnopqrst", "abcdefghijklmnopqrst"],
    ]
  ) assertEquals(sessionUrl(given).includes(expected), true, given);
});
