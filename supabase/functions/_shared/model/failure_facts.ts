import type { TaskError } from "../task_error.ts";
import type { ProviderError } from "./model_format.ts";

export type Verdict = Pick<TaskError, "class" | "code">;

/** A failure as a vendor was seen to tell it. */
export interface SeenFailure {
  vendor: string;
  /** A public report (owner/repository#number) or documentation. */
  source: string;
  status: number;
  body: unknown;
}

/** How a failure is told from others of its status; every condition that is given must hold. */
export interface FailureFact {
  means: Verdict;
  /** Default: below 500. A failure without any status has all of them. */
  statuses?: readonly number[];
  /** One of the words that name the error. */
  code?: RegExp;
  /** What is said, from its beginning: a failure may quote a prompt. */
  message?: RegExp;
  /** What no pattern can tell of what is said. */
  test?(said: string): boolean;
  seen: readonly SeenFailure[];
}

const CONTENT_FILTER: Verdict = { class: "permanent", code: "content_filter" };
const QUOTA: Verdict = { class: "stop", code: "quota" };
const DAILY_QUOTA: Verdict = { class: "stop", code: "daily_quota" };
const UNAUTHORIZED: Verdict = { class: "stop", code: "unauthorized" };
const NO_MODEL: Verdict = { class: "stop", code: "model_not_found" };
const NO_SUCH_ADDRESS: Verdict = { class: "stop", code: "not_found" };

const error = (fields: object) => ({ error: fields });

/**
 * What overrules the status of a failure; the first that holds counts. Each row carries what it was
 * made from: the tests classify it, docs/faults.md lists it and the model simulator plays it.
 */
export const FAILURE_FACTS: readonly FailureFact[] = [
  {
    means: CONTENT_FILTER,
    statuses: [400, 403, 422, 451],
    code:
      /^(content_filter|content_policy_violation|ResponsibleAIPolicyViolation|(bio|cyber)_policy|moderation(_blocked)?|data_?inspection_?failed|1301|base_resp 102[67])$/i,
    seen: [
      {
        vendor: "Azure OpenAI",
        source: "learn.microsoft.com, Azure OpenAI content filtering",
        status: 400,
        body: error({
          message: "The response was filtered due to the prompt",
          type: null,
          param: "prompt",
          code: "content_filter",
          status: 400,
          innererror: { code: "ResponsibleAIPolicyViolation" },
        }),
      },
      {
        vendor: "OpenRouter",
        source: "openrouter.ai/docs, errors and debugging",
        status: 403,
        body: error({
          code: 403,
          message: "Your chosen model requires moderation",
          metadata: { reasons: ["violence"], flagged_input: "…" },
        }),
      },
      {
        vendor: "Alibaba DashScope",
        source: "help.aliyun.com, Model Studio error codes",
        status: 400,
        body: error({
          code: "data_inspection_failed",
          message: "Input data may contain inappropriate content.",
          type: "data_inspection_failed",
        }),
      },
      {
        vendor: "Zhipu",
        source: "docs.bigmodel.cn, error codes",
        status: 400,
        body: error({
          code: "1301",
          message: "系统检测到输入或生成内容可能包含不安全或敏感内容",
        }),
      },
      {
        vendor: "MiniMax",
        source: "platform.minimax.io, error codes",
        status: 200,
        body: {
          choices: null,
          base_resp: { status_code: 1027, status_msg: "output new_sensitive" },
        },
      },
    ],
  },
  {
    means: CONTENT_FILTER,
    statuses: [400, 403],
    message:
      /^(content violates usage guidelines|content exists risk|output blocked by content filtering policy|invalid prompt: (we've limited|your prompt was flagged))/i,
    seen: [
      {
        vendor: "xAI",
        source: "UKGovernmentBEIS/inspect_ai#2267",
        status: 403,
        body: {
          code: "The caller does not have permission to execute this",
          error: "Content violates usage guidelines. Team: t, Failed check: X",
        },
      },
      {
        vendor: "xAI",
        source: "Wei-Shaw/sub2api#5359",
        status: 403,
        body: {
          code: "permission-denied",
          error: "Content violates usage guidelines. ",
        },
      },
      {
        vendor: "DeepSeek",
        source: "666ghj/BettaFish#108",
        status: 400,
        body: error({
          message: "Content Exists Risk",
          type: "invalid_request_error",
          param: null,
          code: "invalid_request_error",
        }),
      },
      {
        vendor: "DeepSeek",
        source: "deepseek-ai/DeepSeek-V2#30",
        status: 400,
        body: { detail: "Content Exists Risk" },
      },
      {
        vendor: "Anthropic",
        source: "anthropics/claude-code#6195",
        status: 400,
        body: {
          type: "error",
          ...error({
            type: "invalid_request_error",
            message: "Output blocked by content filtering policy",
          }),
        },
      },
    ],
  },
  {
    means: { class: "permanent", code: "request_too_large" },
    statuses: [413, 429],
    test: exceedsItsLimit,
    seen: [
      {
        vendor: "OpenAI",
        source: "vanna-ai/vanna-flask#11",
        status: 429,
        body: error({
          message:
            "Request too large for m on tokens per min (TPM): Limit 30000, Requested 342389. The input or output tokens must be reduced in order to run successfully.",
          type: "tokens",
          param: null,
          code: "rate_limit_exceeded",
        }),
      },
      {
        vendor: "Groq",
        source: "assafelovic/gpt-researcher#985",
        status: 413,
        body: error({
          message:
            "Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 14368, please reduce your message size and try again",
          type: "tokens",
          code: "rate_limit_exceeded",
        }),
      },
    ],
  },
  {
    // Of a quota that is nothing, more does not come with time.
    means: QUOTA,
    statuses: [429],
    code: /^RESOURCE_EXHAUSTED$/,
    test: (said) => /\blimit: 0\b/.test(said),
    seen: [{
      vendor: "Gemini",
      source: "ai.google.dev/gemini-api/docs/rate-limits",
      status: 429,
      body: error({
        code: 429,
        message:
          "You exceeded your current quota. * Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 0",
        status: "RESOURCE_EXHAUSTED",
      }),
    }],
  },
  {
    means: DAILY_QUOTA,
    statuses: [400, 403, 429],
    code: /PerDay|^1304$|^error_code 17$/,
    seen: [
      {
        vendor: "Gemini",
        source: "google-gemini/gemini-cli#8437",
        status: 429,
        body: error({
          code: 429,
          message: "You exceeded your current quota",
          status: "RESOURCE_EXHAUSTED",
          details: [
            {
              violations: [{
                quotaId: "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
              }],
            },
            { retryDelay: "34s" },
          ],
        }),
      },
      {
        vendor: "Zhipu",
        source: "docs.bigmodel.cn, error codes",
        status: 429,
        body: error({ code: "1304", message: "该API当日调用次数已达限额" }),
      },
      {
        vendor: "Baidu Qianfan",
        source: "cloud.baidu.com, Qianfan error codes",
        status: 200,
        body: {
          error_code: 17,
          error_msg: "Open api daily request limit reached",
        },
      },
    ],
  },
  {
    means: DAILY_QUOTA,
    statuses: [429],
    message:
      /^(rate limit exceeded: (limit_\w+\/.*)?free-models-per-day|too many tokens per day|you have used up your daily free allocation)/i,
    seen: [
      {
        vendor: "OpenRouter",
        source: "Gitlawb/openclaude#936",
        status: 429,
        body: error({
          message:
            "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day",
          code: 429,
          metadata: { headers: { "X-RateLimit-Remaining": "0" } },
        }),
      },
      {
        vendor: "Amazon Bedrock",
        source: "minorun365/agent-book#29",
        status: 429,
        body: {
          message: "Too many tokens per day, please wait before trying again.",
        },
      },
    ],
  },
  {
    means: QUOTA,
    code:
      /insufficient_\w*(quota|balance|credits|funds)|exceeded_current_quota|credit_balance|(credit|spend(ing)?|usage)[_-]limit|billing|payment_required|budget_exceeded|^arrearage$|^1113$|^base_resp (1008|2056)$/i,
    seen: [
      {
        vendor: "OpenAI",
        source: "platform.openai.com/docs, error codes",
        status: 429,
        body: error({
          message:
            "You exceeded your current quota, please check your plan and billing details.",
          type: "insufficient_quota",
          param: null,
          code: "insufficient_quota",
        }),
      },
      {
        vendor: "Moonshot",
        source: "MoonshotAI/kimi-code#1860",
        status: 429,
        body: error({
          message:
            "Your account org-x <ak-x> is suspended due to insufficient balance",
          type: "exceeded_current_quota_error",
        }),
      },
      {
        vendor: "Zhipu",
        source: "zhayujie/CowAgent#2910",
        status: 429,
        body: error({
          code: "1113",
          message: "余额不足或无可用资源包,请充值。",
        }),
      },
      {
        vendor: "MiniMax",
        source: "platform.minimax.io, error codes",
        status: 200,
        body: {
          base_resp: { status_code: 1008, status_msg: "insufficient balance" },
        },
      },
      {
        vendor: "MiniMax",
        source: "modelscope/modelscope#1691",
        status: 429,
        body: error({
          http_code: "429",
          message: "insufficient balance (1008)",
          type: "insufficient_balance_error",
        }),
      },
      {
        vendor: "Alibaba DashScope",
        source: "help.aliyun.com, Model Studio error codes",
        status: 400,
        body: error({
          code: "Arrearage",
          message:
            "Access denied, please make sure your account is in good standing.",
        }),
      },
      {
        vendor: "sub2api",
        source: "Wei-Shaw/sub2api#890",
        status: 403,
        body: {
          code: "INSUFFICIENT_BALANCE",
          message: "Insufficient account balance",
        },
      },
      {
        vendor: "LiteLLM",
        source: "docs.litellm.ai, budgets and rate limits",
        status: 400,
        body: error({
          message: "Budget has been exceeded! Current cost: 1, Max budget: 1",
          type: "budget_exceeded",
          param: null,
          code: "400",
        }),
      },
    ],
  },
  {
    means: QUOTA,
    statuses: [400, 401, 402, 403, 412, 429, 500],
    message:
      /^("?your team \S+ has either used all available credits|your credit balance is too low|you have reached your specified api usage limits|you have exceeded your monthly included credits|insufficient (account )?balance|account \S+ is suspended|access denied due to overdue account|余额不足|key limit exceeded)/i,
    seen: [
      {
        vendor: "Anthropic",
        source: "anthropics/claude-code#2127",
        status: 400,
        body: {
          type: "error",
          ...error({
            type: "invalid_request_error",
            message:
              "You have reached your specified API usage limits. You will regain access on 2026-10-01 at 00:00 UTC.",
          }),
        },
      },
      {
        vendor: "Anthropic",
        source: "BerriAI/litellm#14144",
        status: 400,
        body: {
          type: "error",
          ...error({
            type: "invalid_request_error",
            message:
              "Your credit balance is too low to access the Anthropic API",
          }),
        },
      },
      {
        vendor: "xAI",
        source: "continuedev/continue#10373",
        status: 429,
        body: {
          code: "Some resource has been exhausted",
          error:
            "Your team 16f2 has either used all available credits or reached its monthly spending limit.",
        },
      },
      {
        vendor: "Fireworks",
        source: "pollinations/pollinations#12136",
        status: 412,
        body: error({
          message:
            "Account a is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices.",
          param: null,
          code: "PRECONDITION_FAILED",
          type: "error",
        }),
      },
      {
        vendor: "MiniMax",
        source: "MiniMax-AI/MiniMax-M2#62",
        status: 500,
        body: {
          type: "error",
          ...error({
            type: "api_error",
            message: "insufficient balance (1008)",
          }),
        },
      },
      {
        vendor: "Z.ai",
        source: "zai-org/GLM-5#148",
        status: 429,
        body: error({
          message:
            "Insufficient balance or no resource package. Please recharge.",
        }),
      },
    ],
  },
  {
    means: UNAUTHORIZED,
    statuses: [400],
    code: /^API_KEY_(INVALID|SERVICE_BLOCKED)$/,
    seen: [{
      vendor: "Gemini",
      source: "ai.google.dev/gemini-api/docs/troubleshooting",
      status: 400,
      body: error({
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
      body: error({
        code: 400,
        message: "User location is not supported for the API use.",
        status: "FAILED_PRECONDITION",
      }),
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
        body: error({
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
        body: error({
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
          ...error({ type: "not_found_error", message: "model: claude-x" }),
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
    means: { class: "rate", code: "rate_limited" },
    statuses: [503],
    code: /^slow_down$/,
    seen: [{
      vendor: "OpenAI",
      source: "platform.openai.com/docs, error codes",
      status: 503,
      body: error({
        message: "Slow down",
        type: "server_error",
        code: "slow_down",
      }),
    }],
  },
];

/** More tokens than a minute has: no wait makes room for them. */
function exceedsItsLimit(message: string): boolean {
  const said = /\bLimit:? ([\d,]*\d).*?\bRequested:? ([\d,]*\d)/.exec(message);
  if (!said) return false;
  const [limit, requested] = said.slice(1)
    .map((count) => Number(count.replaceAll(",", "")));
  return requested > limit;
}

/** What the facts say about a failure; undefined when only its status tells. */
export function findFact(
  status: number | undefined,
  told: ProviderError | undefined,
): Verdict | undefined {
  if (!told) return undefined;
  // Text from outside may be of any length, and what it is looked for takes time.
  const said = told.message.slice(0, 2000);
  const codes = told.codes.filter(({ length }) => length <= 200);
  return FAILURE_FACTS.find(({ statuses, code, message, test }) =>
    (status === undefined || (statuses?.includes(status) ?? status < 500)) &&
    (!code || codes.some((word) => code.test(word))) &&
    (!message || message.test(said)) &&
    (!test || test(said))
  )?.means;
}
