import { assertEquals } from "@std/assert";
import { readErrorDetail, readProviderError } from "./provider_error.ts";

function brief(body: unknown): unknown {
  const error = readProviderError(body) ?? readErrorDetail(body);
  return error && [error.codes.join(), error.message];
}

for (
  const [origin, body, expected] of [
    [
      "OpenAI",
      { error: { message: "m", type: "t", code: "c", param: null } },
      ["c,t", "m"],
    ],
    [
      "OpenAI's responses stream",
      { type: "error", code: "c", message: "m" },
      ["c,error", "m"],
    ],
    [
      "Azure OpenAI",
      {
        error: {
          code: "content_filter",
          message: "m",
          innererror: { code: "i" },
        },
      },
      ["content_filter,i", "m"],
    ],
    [
      "Anthropic",
      { type: "error", error: { type: "overloaded_error", message: "m" } },
      ["overloaded_error", "m"],
    ],
    [
      "Gemini",
      {
        error: {
          code: 400,
          message: "m",
          status: "INVALID_ARGUMENT",
          details: [{ "@type": "x", reason: "API_KEY_INVALID" }],
        },
      },
      ["INVALID_ARGUMENT,API_KEY_INVALID", "m"],
    ],
    [
      "Gemini's stream",
      [{ error: { code: 503, message: "m", status: "UNAVAILABLE" } }],
      ["UNAVAILABLE", "m"],
    ],
    ["Ollama", { error: "m" }, ["", "m"]],
    ["Hugging Face", { error: "m", type: "overloaded" }, ["overloaded", "m"]],
    ["FastAPI", { detail: "m" }, ["", "m"]],
    ["FastAPI's validation", { detail: [{ msg: "m" }] }, ["", '[{"msg":"m"}]']],
    ["Azure's gateway", { statusCode: 401, message: "m" }, ["", "m"]],
    ["an object without a message", { error: { x: 1 } }, ["", '{"x":1}']],
    [
      "a gateway",
      { choices: null, error_type: "BadRequestError", error_message: "m" },
      ["BadRequestError", "m"],
    ],
    [
      "AWS Lambda",
      { errorType: "Runtime.ExitError", errorMessage: "m" },
      ["Runtime.ExitError", "m"],
    ],
    ["no error", { text: "Hi" }, undefined],
    ["no error, said so", { error: null, text: "Hi" }, undefined],
    ["no JSON", undefined, undefined],
  ] as const
) {
  Deno.test(`readProviderError() reads the words of ${origin}`, () => {
    assertEquals(brief(body), expected);
  });
}

Deno.test("readProviderError() reads status, wait and daily quota of Gemini", () => {
  const error = readProviderError({
    error: {
      code: 429,
      message: "m",
      status: "RESOURCE_EXHAUSTED",
      details: [
        { violations: [{ quotaId: "RequestsPerDay" }] },
        {
          "@type": "type.googleapis.com/google.rpc.RetryInfo",
          retryDelay: "34s",
        },
      ],
    },
  });
  assertEquals(error, {
    status: 429,
    codes: ["RESOURCE_EXHAUSTED", "RequestsPerDay"],
    message: "m",
    retryAfterMs: 34_000,
  });
});

Deno.test("readProviderError() reads OpenRouter's moderation verdict", () => {
  const metadata = { reasons: ["violence"], flagged_input: "x" };
  const error = readProviderError({
    error: { code: 403, message: "m", metadata },
  });
  assertEquals(error?.codes, ["moderation"]);
});

Deno.test("readProviderError() takes no detail for an error", () => {
  assertEquals(
    readProviderError({ text: "Hi", detail: "fast", message: "m" }),
    undefined,
  );
});
