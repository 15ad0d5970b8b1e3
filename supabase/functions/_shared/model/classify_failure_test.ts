import { assertEquals, assertStrictEquals } from "@std/assert";
import { classifyFailure, type ReportedFailure } from "./classify_failure.ts";

function classify(
  failure: Partial<Omit<ReportedFailure, "headers">> & {
    headers?: Record<string, string>;
    codes?: string[];
    message?: string;
  },
) {
  const { codes, message = "", headers, ...rest } = failure;
  return classifyFailure({
    headers: new Headers(headers),
    error: codes || message ? { codes: codes ?? [], message } : undefined,
    now: 0,
    ...rest,
  });
}

const BY_STATUS: Record<string, [number, string][]> = {
  permanent: [
    [300, "redirect"],
    [307, "redirect"],
    [400, "http_400"],
    [405, "http_405"],
    [413, "http_413"],
    [422, "http_422"],
  ],
  transient: [
    [408, "http_408"],
    [409, "http_409"],
    [425, "http_425"],
    [500, "http_500"],
    [502, "http_502"],
    [503, "http_503"],
    [504, "http_504"],
    [529, "http_529"],
  ],
  stop: [
    [401, "unauthorized"],
    [402, "quota"],
    [403, "forbidden"],
    [404, "not_found"],
  ],
  rate: [[429, "rate_limited"]],
};

for (const [errorClass, statuses] of Object.entries(BY_STATUS)) {
  for (const [status, code] of statuses) {
    Deno.test(`classifyFailure() takes HTTP ${status} for ${errorClass}`, () => {
      const failure = classify({ status });
      assertStrictEquals(failure.class, errorClass);
      assertStrictEquals(failure.code, code);
      assertEquals(failure.status, status);
    });
  }
}

for (const status of [503, 529]) {
  Deno.test(`classifyFailure() takes HTTP ${status} with Retry-After for rate`, () => {
    const failure = classify({ status, headers: { "retry-after": "2" } });
    assertEquals(failure.class, "rate");
    assertEquals(failure.retryAfterMs, 2000);
  });
}

Deno.test("classifyFailure() keeps 500 with Retry-After transient, with its wait", () => {
  const failure = classify({ status: 500, headers: { "retry-after": "2" } });
  assertEquals(failure.class, "transient");
  assertEquals(failure.retryAfterMs, 2000);
});

for (
  const code of [
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
    "enforced_spend_limit_reached",
    "billing_hard_limit_reached",
    "billing_not_active",
    "billing_error",
    "insufficient_balance",
  ]
) {
  Deno.test(`classifyFailure() stops at 429 ${code}`, () => {
    const failure = classify({ status: 429, codes: ["rate", code] });
    assertEquals(failure.class, "stop");
    assertEquals(failure.code, "quota");
  });
}

Deno.test("classifyFailure() stops at Anthropic's empty balance, which is a 400", () => {
  const message = "Your credit balance is too low to access the Anthropic API";
  const codes = ["invalid_request_error"];
  assertEquals(classify({ status: 400, codes, message }).class, "stop");
});

Deno.test("classifyFailure() is not misled by a prompt that an error quotes", () => {
  const message = 'Invalid prompt: "your credit balance is too low"';
  assertEquals(classify({ status: 400, message }).class, "permanent");
});

Deno.test("classifyFailure() does not take a server's trouble for billing", () => {
  const codes = ["billing_service_down"];
  assertEquals(classify({ status: 500, codes }).class, "transient");
});

for (
  const [status, code, expected] of [
    [400, "content_filter", "permanent content_filter"],
    [400, "ResponsibleAIPolicyViolation", "permanent content_filter"],
    [403, "moderation", "permanent content_filter"],
    [400, "API_KEY_INVALID", "stop unauthorized"],
    [400, "FAILED_PRECONDITION", "stop forbidden"],
    [429, "GenerateRequestsPerDayPerProject", "stop daily_quota"],
    [429, "GenerateRequestsPerMinutePerProject", "rate rate_limited"],
    [429, "slow_down", "rate rate_limited"],
    [503, "slow_down", "rate rate_limited"],
    [undefined, "rate_limit_exceeded", "rate rate_limited"],
    [undefined, "overloaded_error", "transient http_529"],
    [undefined, "server_error", "transient http_500"],
    [undefined, "authentication_error", "stop unauthorized"],
    [undefined, "invalid_prompt", "permanent http_400"],
    [undefined, "content_filter", "permanent content_filter"],
    [undefined, "insufficient_quota", "stop quota"],
    [undefined, "never_heard_of", "transient error_in_body"],
  ] as const
) {
  Deno.test(`classifyFailure() takes ${status ?? "200 with"} ${code} for ${expected}`, () => {
    const failure = classify({ status, codes: [code] });
    assertEquals(`${failure.class} ${failure.code}`, expected);
  });
}

Deno.test("classifyFailure() trusts the status that a body with 200 names", () => {
  const error = { status: 429, codes: [], message: "" };
  assertEquals(classify({ error }).class, "rate");
});

Deno.test("classifyFailure() waits as long as the body asks", () => {
  const error = { codes: [], message: "", retryAfterMs: 34_000 };
  assertEquals(classify({ status: 429, error }).retryAfterMs, 34_000);
});

Deno.test("classifyFailure() waits for a spent budget when nothing is asked", () => {
  const limits = { requests: { remaining: 0, resetMs: 4000 } };
  assertEquals(classify({ status: 429, limits }).retryAfterMs, 4000);
  assertEquals(classify({ status: 500, limits }).retryAfterMs, undefined);
});

for (
  const [status, header, expected] of [
    [500, "false", "permanent"],
    [400, "true", "transient"],
    [500, "true", "transient"],
    [401, "true", "stop"],
    [429, "false", "rate"],
  ] as const
) {
  Deno.test(`classifyFailure() takes ${status} with x-should-retry ${header} for ${expected}`, () => {
    const headers = { "x-should-retry": header };
    assertStrictEquals(classify({ status, headers }).class, expected);
  });
}
