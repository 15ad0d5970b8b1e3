import { assertEquals, assertMatch } from "@std/assert";
import { endpointSchema } from "./endpoint.ts";

const VALID = { name: "mine", url: "https://api.example.com/v1" };

function problemOf(change: Record<string, unknown>): string {
  const result = endpointSchema.safeParse({ ...VALID, ...change });
  return result.success
    ? "valid"
    : result.error.issues.map((issue) =>
      `${issue.path.join(".")} ${issue.message}`
    ).join("; ");
}

Deno.test("endpointSchema fills in what may be left out", () => {
  const endpoint = endpointSchema.parse(VALID);
  assertEquals(endpoint.timeoutSeconds, 60);
  assertEquals(Object.keys(endpoint.headers).length, 0);
});

Deno.test("endpointSchema accepts a custom endpoint", () => {
  assertEquals(
    problemOf({
      format: "custom",
      headers: { Authorization: "Bearer {{secret:KEY}}" },
      requestTemplate: { input: "{{prompt}}" },
      responsePath: { text: "output[0].text", error: "$.error" },
      timeoutSeconds: 5,
    }),
    "valid",
  );
});

for (
  const [change, problem] of [
    [{ url: "nowhere" }, /^url is not a URL/],
    [{ url: "ftp://a.example/" }, /^url must begin with https/],
    [{ url: "https://a:b@c.example/" }, /^url holds a user name/],
    [
      { url: "https://a.example/?key={{secret:K}}" },
      /^url cannot hold a place/,
    ],
    [{ format: "morse" }, /^format /],
    [{ headers: { "bad name": "x" } }, /^headers/],
    [{ headers: { ok: "a\nb" } }, /^headers.ok holds a line break/],
    [{ timeoutSeconds: 0 }, /^timeoutSeconds/],
    [{ responsePath: { text: "a[" } }, /^responsePath.text is not a JSON path/],
    [
      { format: "gemini", requestTemplate: {} },
      /^requestTemplate needs format custom, not gemini/,
    ],
    [
      { format: "ollama", responsePath: { text: "a" } },
      /^responsePath needs format custom, not ollama/,
    ],
    [
      { requestTemplate: { key: "{{secret:K}}" } },
      /^requestTemplate cannot hold a secret/,
    ],
    [
      { requestTemplate: { q: "{{promt}}" } },
      /^requestTemplate is not a template: Cannot fill \{\{promt\}\}/,
    ],
    [{ surprise: 1 }, /surprise/],
  ] as const
) {
  Deno.test(`endpointSchema refuses ${JSON.stringify(change)}`, () => {
    assertMatch(problemOf(change), problem);
  });
}
