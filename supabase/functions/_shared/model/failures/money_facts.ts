import { errorBody, type FailureFact, type Verdict } from "./failure_fact.ts";

const QUOTA: Verdict = { class: "stop", code: "quota" };
const DAILY_QUOTA: Verdict = { class: "stop", code: "daily_quota" };

/** Nothing more is to be had, for lack of money or until tomorrow, whatever the status. */
export const MONEY_FACTS: readonly FailureFact[] = [
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
      body: errorBody({
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
        body: errorBody({
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
        body: errorBody({ code: "1304", message: "该API当日调用次数已达限额" }),
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
      /^(rate limit exceeded: (limit_\w+\/.*)?free-models-per-day|too many tokens per day|you have used up your daily free allocation|rate limit of \d+ per 86400s exceeded)/i,
    seen: [
      {
        vendor: "GitHub Models",
        source: "docs.github.com, rate limits of GitHub Models",
        status: 429,
        body: errorBody({
          code: "RateLimitReached",
          message:
            "Rate limit of 50 per 86400s exceeded for UserByModelByDay. Please wait 41000 seconds before retrying.",
          details:
            "Rate limit of 50 per 86400s exceeded for UserByModelByDay. Please wait 41000 seconds before retrying.",
        }),
      },
      {
        vendor: "OpenRouter",
        source: "Gitlawb/openclaude#936",
        status: 429,
        body: errorBody({
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
      /insufficient_\w*(quota|balance|credits|funds)|exceeded_current_quota|credit_balance|(credit|spend(ing)?|usage)[_-]limit|billing|payment_required|budget_exceeded|^arrearage$|^(1113|1309|131[013-9]|132[01])$|^base_resp (1008|2056)$/i,
    seen: [
      {
        vendor: "OpenAI",
        source: "platform.openai.com/docs, error codes",
        status: 429,
        body: errorBody({
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
        body: errorBody({
          message:
            "Your account org-x <ak-x> is suspended due to insufficient balance",
          type: "exceeded_current_quota_error",
        }),
      },
      {
        vendor: "Zhipu",
        source: "zhayujie/CowAgent#2910",
        status: 429,
        body: errorBody({
          code: "1113",
          message: "余额不足或无可用资源包,请充值。",
        }),
      },
      {
        vendor: "Z.ai",
        source: "tetsuo-ai/agenc-core#2491",
        status: 429,
        body: errorBody({
          code: 1310,
          message:
            "Weekly/Monthly limit exhausted. Your limit will reset later.",
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
        body: errorBody({
          http_code: "429",
          message: "insufficient balance (1008)",
          type: "insufficient_balance_error",
        }),
      },
      {
        vendor: "Alibaba DashScope",
        source: "help.aliyun.com, Model Studio error codes",
        status: 400,
        body: errorBody({
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
        body: errorBody({
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
      /^("?your team \S+ has either used all available credits|your credit balance is too low|you have reached your specified api usage limits|you have exceeded your monthly included credits|insufficient (account )?balance|account \S+ is suspended|access denied due to overdue account|余额不足|key limit exceeded|you are using a trial key, which is limited to \d+ api calls \/ month|you(?:'ve| \(\S+\) have| have) reached your (?:weekly|monthly) usage limit)/i,
    seen: [
      {
        vendor: "Cohere",
        source: "docs.cohere.com, different types of API keys and rate limits",
        status: 429,
        body: {
          id: "x",
          message:
            "You are using a Trial key, which is limited to 1000 API calls / month. You can continue to use the Trial key for free or upgrade to a Production key.",
        },
      },
      {
        vendor: "Ollama",
        source: "diegosouzapw/OmniRoute#3709",
        status: 429,
        body: {
          error:
            "you (ann) have reached your weekly usage limit, upgrade for higher limits: https://ollama.com/upgrade",
        },
      },
      {
        vendor: "Anthropic",
        source: "anthropics/claude-code#2127",
        status: 400,
        body: {
          type: "error",
          ...errorBody({
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
          ...errorBody({
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
        body: errorBody({
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
          ...errorBody({
            type: "api_error",
            message: "insufficient balance (1008)",
          }),
        },
      },
      {
        vendor: "Z.ai",
        source: "zai-org/GLM-5#148",
        status: 429,
        body: errorBody({
          message:
            "Insufficient balance or no resource package. Please recharge.",
        }),
      },
    ],
  },
];
