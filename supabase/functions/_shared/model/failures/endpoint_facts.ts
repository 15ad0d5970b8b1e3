import { errorBody, type FailureFact, type Verdict } from "./failure_fact.ts";

const UNAUTHORIZED: Verdict = { class: "stop", code: "unauthorized" };
const NO_MODEL: Verdict = { class: "stop", code: "model_not_found" };
const NO_SUCH_ADDRESS: Verdict = { class: "stop", code: "not_found" };

/** Failures that are about the key, the model or the load, whatever their status. */
export const ENDPOINT_FACTS: readonly FailureFact[] = [
  {
    means: UNAUTHORIZED,
    statuses: [400],
    code: /^API_KEY_(INVALID|SERVICE_BLOCKED)$/,
    seen: [{
      vendor: "Gemini",
      source: "ai.google.dev/gemini-api/docs/troubleshooting",
      status: 400,
      body: errorBody({
        code: 400,
        message: "API key not valid. Please pass a valid API key.",
        status: "INVALID_ARGUMENT",
        details: [{ reason: "API_KEY_INVALID", domain: "googleapis.com" }],
      }),
    }],
  },
  {
    means: UNAUTHORIZED,
    statuses: [400],
    message: /^(incorrect api key provided|invalid api key)/i,
    seen: [{
      vendor: "xAI",
      source: "docs.x.ai, debugging errors",
      status: 400,
      body: {
        code: "Client specified an invalid argument",
        error:
          "Incorrect API key provided: xa***. You can obtain an API key from https://console.x.ai.",
      },
    }],
  },
  {
    // Billing off, or a country that is not served.
    means: { class: "stop", code: "forbidden" },
    statuses: [400],
    code: /^FAILED_PRECONDITION$/,
    seen: [{
      vendor: "Gemini",
      source: "ai.google.dev/gemini-api/docs/troubleshooting",
      status: 400,
      body: errorBody({
        code: 400,
        message: "User location is not supported for the API use.",
        status: "FAILED_PRECONDITION",
      }),
    }],
  },
  {
    means: NO_SUCH_ADDRESS,
    message: /^Unexpected endpoint or method\. \(/,
    seen: [{
      vendor: "LM Studio",
      source: "lmstudio-ai/lmstudio-bug-tracker#618",
      status: 200,
      body: {
        error: "Unexpected endpoint or method. (POST /chat/completions)",
      },
    }],
  },
  {
    means: NO_MODEL,
    statuses: [400, 403, 404],
    code: /^(model_not_found|DeploymentNotFound)$/i,
    seen: [
      {
        vendor: "OpenAI",
        source: "platform.openai.com/docs, error codes",
        status: 404,
        body: errorBody({
          message:
            "The model `m` does not exist or you do not have access to it.",
          type: "invalid_request_error",
          param: null,
          code: "model_not_found",
        }),
      },
      {
        vendor: "Azure OpenAI",
        source: "learn.microsoft.com, Azure OpenAI",
        status: 404,
        body: errorBody({
          code: "DeploymentNotFound",
          message: "The API deployment for this resource does not exist.",
        }),
      },
    ],
  },
  {
    means: NO_MODEL,
    statuses: [404],
    message: /^(model: |models\/\S+ is not found|model ["'`]\S+ not found)/i,
    seen: [
      {
        vendor: "Anthropic",
        source: "docs.anthropic.com, errors",
        status: 404,
        body: {
          type: "error",
          ...errorBody({ type: "not_found_error", message: "model: claude-x" }),
        },
      },
      {
        vendor: "Ollama",
        source: "ollama/ollama, server/routes.go",
        status: 404,
        body: { error: "model 'm' not found" },
      },
    ],
  },
  {
    means: { class: "rate", code: "rate_limited" },
    statuses: [503],
    code: /^slow_down$/,
    seen: [{
      vendor: "OpenAI",
      source: "platform.openai.com/docs, error codes",
      status: 503,
      body: errorBody({
        message: "Slow down",
        type: "server_error",
        code: "slow_down",
      }),
    }],
  },
  {
    // Its servers are down, whatever is asked.
    means: { class: "transient", code: "degraded" },
    statuses: [400],
    message: /^(function id '[^']*': )?degraded function cannot be invoked/i,
    seen: [{
      vendor: "NVIDIA NIM",
      source: "tashfeenahmed/freellmapi#522",
      status: 400,
      body: {
        status: 400,
        title: "Bad Request",
        detail: "Function id 'f': DEGRADED function cannot be invoked",
      },
    }],
  },
  {
    // What stands behind the server hung up; the next call is answered.
    means: { class: "transient", code: "upstream_broke_off" },
    statuses: [400],
    message: /^(post "[^"]*": )?unexpected EOF$/i,
    seen: [{
      vendor: "Ollama",
      source: "ollama/ollama#16082",
      status: 400,
      body: errorBody({
        message: "unexpected EOF",
        type: "invalid_request_error",
        param: null,
        code: null,
      }),
    }],
  },
];
