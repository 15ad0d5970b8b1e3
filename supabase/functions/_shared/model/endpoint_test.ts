import { assertMatch } from "@std/assert";
import * as z from "zod";
import { endpointHeadersSchema, endpointUrlSchema } from "./endpoint.ts";

const VALID = {
  url: "https://api.example.com/v1",
  headers: { Authorization: "Bearer {{secret:KEY}}" },
};
const schema = z.object({
  url: endpointUrlSchema,
  headers: endpointHeadersSchema,
});

function problemOf(change: Record<string, unknown>): string {
  const result = schema.safeParse({ ...VALID, ...change });
  return result.success
    ? "valid"
    : result.error.issues.map((issue) =>
      `${issue.path.join(".")} ${issue.message}`
    ).join("; ");
}

for (
  const [change, problem] of [
    [{}, /^valid$/],
    [{ headers: undefined }, /^valid$/],
    [{ url: "nowhere" }, /^url is not a URL/],
    [{ url: "ftp://a.example/" }, /^url must begin with https/],
    [{ url: "https://a:b@c.example/" }, /^url holds a user name/],
    [
      { url: "https://a.example/?key={{secret:K}}" },
      /^url cannot hold a place/,
    ],
    [{ headers: { "bad name": "x" } }, /^headers/],
    [{ headers: { ok: "a\nb" } }, /^headers.ok holds a line break/],
  ] as const
) {
  Deno.test(`URL and headers of an endpoint: ${JSON.stringify(change)}`, () => {
    assertMatch(problemOf(change), problem);
  });
}
