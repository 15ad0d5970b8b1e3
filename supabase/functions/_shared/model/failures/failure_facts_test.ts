import { assertEquals } from "@std/assert";
import { classifyFailure } from "../classify_failure.ts";
import type { SeenFailure } from "./failure_fact.ts";
import { FAILURE_FACTS } from "./failure_facts.ts";
import { readErrorDetail, readProviderError } from "../provider_error.ts";

/** What comes of a response, as `call()` takes it. */
function outcomeOf({ status, body }: Pick<SeenFailure, "status" | "body">) {
  const isSuccess = status === 200;
  const error = readProviderError(body) ??
    (isSuccess ? undefined : readErrorDetail(body));
  if (!error && isSuccess) return "no failure";
  const failure = classifyFailure({
    status: isSuccess ? undefined : status,
    headers: new Headers(),
    error,
    now: 0,
  });
  return `${failure.class} ${failure.code}`;
}

for (const { means, seen } of FAILURE_FACTS) {
  for (const failure of seen) {
    Deno.test(`classifyFailure() takes HTTP ${failure.status} of ${failure.vendor} (${failure.source}) for ${means.class} ${means.code}`, () => {
      assertEquals(outcomeOf(failure), `${means.class} ${means.code}`);
    });
  }
}

const error = (fields: object) => ({ error: fields });

// What must not be taken for one of the facts, or is told by its status.
for (
  const [about, status, body, expected] of [
    [
      "a key that may not chat, with the code of a declined prompt",
      403,
      {
        code: "permission-denied",
        error: "Access to the chat endpoint is denied.",
      },
      "stop forbidden",
    ],
    [
      "too many calls at once, by a number in a body that came as an answer (BerriAI/litellm#31291)",
      200,
      error({ code: 1302, message: "Rate limit reached for requests" }),
      "rate rate_limited",
    ],
    [
      "a prompt that is too long",
      400,
      error({
        type: "invalid_request_error",
        message: "prompt is too long: 210000 tokens > 200000 maximum",
      }),
      "permanent http_400",
    ],
    [
      "a request that fits into a minute",
      429,
      error({
        message:
          "Request too large on tokens per min (TPM): Limit 250,000, Requested 546.",
        code: "rate_limit_exceeded",
      }),
      "rate rate_limited",
    ],
    [
      "a minute that is used up",
      429,
      error({
        message:
          "Rate limit reached: Limit 200000, Used 195663, Requested 7592.",
        code: "rate_limit_exceeded",
      }),
      "rate rate_limited",
    ],
    [
      "Gemini's quota of a minute, in the words of its quota of a day",
      429,
      error({
        code: 429,
        message: "You exceeded your current quota, limit: 10",
        status: "RESOURCE_EXHAUSTED",
        details: [{ violations: [{ quotaId: "RequestsPerMinute" }] }],
      }),
      "rate rate_limited",
    ],
    [
      "Bedrock's throttling",
      429,
      { message: "Too many tokens, please wait before trying again." },
      "rate rate_limited",
    ],
    [
      "a prompt that an error quotes",
      400,
      error({ message: 'Invalid: "Content Exists Risk, incorrect API key"' }),
      "permanent http_400",
    ],
    [
      "what OpenRouter's provider said",
      429,
      error({
        message: "Provider returned error",
        code: 429,
        metadata: {
          raw: JSON.stringify(error({ type: "insufficient_quota" })),
        },
      }),
      "stop quota",
    ],
    [
      "Spark's code",
      200,
      { code: 11200, message: "no" },
      "transient error_in_body",
    ],
    [
      "an HTTP status in the body",
      200,
      { code: 429, msg: "no" },
      "rate rate_limited",
    ],
    [
      "success: false",
      200,
      { success: false, message: "Try later" },
      "transient error_in_body",
    ],
    ["Cloudflare's errors", 200, {
      success: false,
      errors: [{ code: 7, message: "m" }],
    }, "transient error_in_body"],
    ["status: error", 200, {
      status: "error",
      message: "Quota exceeded for today",
    }, "transient error_in_body"],
    ["status: FAILED", 200, { status: "FAILED" }, "transient error_in_body"],
    [
      "error: true",
      200,
      { error: true, message: "m" },
      "transient error_in_body",
    ],
    ["MiniMax's limit", 200, {
      base_resp: { status_code: 1002, status_msg: "m" },
    }, "rate rate_limited"],
    ["MiniMax's success", 200, {
      base_resp: { status_code: 0, status_msg: "success" },
    }, "no failure"],
    ["Spark's success", 200, { code: 0, message: "Success" }, "no failure"],
    ["BadRequestError within 200", 200, {
      error_type: "BadRequestError",
      error_message: "m",
    }, "permanent http_400"],
    ["GitHub Models' limit of a minute", 429, {
      error: {
        code: "RateLimitReached",
        message: "Rate limit of 10 per 60s exceeded for UserByModelByMinute.",
      },
    }, "rate rate_limited"],
    ["Cohere's limit of a minute", 429, {
      message:
        "You are using a Trial key, which is limited to 20 API calls / minute.",
    }, "rate rate_limited"],
    ["Ollama's limit of an hour", 429, {
      error:
        "you've reached your hourly usage limit, please wait or upgrade to continue",
    }, "rate rate_limited"],
    ["success: true", 200, { success: true, message: "Lima" }, "no failure"],
    ["a message", 200, { message: "Lima" }, "no failure"],
    ["no words of an error", 200, { error_message: "" }, "no failure"],
    ["a number without words", 200, { code: 500, text: "Lima" }, "no failure"],
    [
      "status: completed",
      200,
      { status: "completed", error: null },
      "no failure",
    ],
    ["errors: []", 200, { errors: [], result: "Lima" }, "no failure"],
  ] as const
) {
  Deno.test(`classifyFailure() takes ${about} for ${expected}`, () => {
    assertEquals(outcomeOf({ status, body }), expected);
  });
}

Deno.test("classifyFailure() spends no time on text of any length", () => {
  const body = error({
    message: "Limit 1 ".repeat(500_000),
    code: "insufficient_".repeat(500_000),
  });
  assertEquals(outcomeOf({ status: 429, body }), "rate rate_limited");
});
