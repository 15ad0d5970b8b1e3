import { assertEquals } from "@std/assert";
import type { EndpointRow, StageDependencies } from "./assignment.ts";
import { openEndpoint } from "./open_endpoint.ts";

const ENDPOINT: EndpointRow = {
  name: "model",
  url: "https://model.test/v1",
  format: "openai-chat",
  model: "m",
  headers: { "no header": "hidden" },
  request_template: null,
  response_path: null,
  timeout_seconds: 10,
  max_output_tokens: null,
};

Deno.test("openEndpoint() hides the endpoint's row from users, not from the project", async () => {
  for (const owner of ["11111111-1111-4111-8111-111111111111", null]) {
    const caller = openEndpoint(ENDPOINT, owner, {
      config: { allowPrivateHosts: true },
      fetch: () => Promise.resolve(new Response()),
      clock: { now: () => 0 },
    } as unknown as StageDependencies);
    const result = await caller.call({ prompt: "a", parameters: {} });
    assertEquals(
      JSON.stringify(result).includes("no header"),
      owner === null,
      JSON.stringify(result),
    );
  }
});
