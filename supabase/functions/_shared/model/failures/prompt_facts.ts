import { errorBody, type FailureFact, type Verdict } from "./failure_fact.ts";

const CONTENT_FILTER: Verdict = { class: "permanent", code: "content_filter" };

/** Failures that are about one prompt, whatever their status. */
export const PROMPT_FACTS: readonly FailureFact[] = [
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
        body: errorBody({
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
        body: errorBody({
          code: 403,
          message: "Your chosen model requires moderation",
          metadata: { reasons: ["violence"], flagged_input: "…" },
        }),
      },
      {
        vendor: "Alibaba DashScope",
        source: "help.aliyun.com, Model Studio error codes",
        status: 400,
        body: errorBody({
          code: "data_inspection_failed",
          message: "Input data may contain inappropriate content.",
          type: "data_inspection_failed",
        }),
      },
      {
        vendor: "Zhipu",
        source: "docs.bigmodel.cn, error codes",
        status: 400,
        body: errorBody({
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
        body: errorBody({
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
          ...errorBody({
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
        body: errorBody({
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
        body: errorBody({
          message:
            "Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 14368, please reduce your message size and try again",
          type: "tokens",
          code: "rate_limit_exceeded",
        }),
      },
    ],
  },
  {
    // What the model wrote was no JSON, or no call of a tool that it has: it may write better.
    means: { class: "transient", code: "bad_generation" },
    statuses: [400],
    code: /^(json_validate_failed|tool_use_failed)$/,
    seen: [
      {
        vendor: "Groq",
        source: "glibsonoran/Plush-for-ComfyUI#135",
        status: 400,
        body: errorBody({
          message:
            "Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more details.",
          type: "invalid_request_error",
          code: "json_validate_failed",
          failed_generation: "{",
        }),
      },
      {
        vendor: "Groq",
        source: "HunorLaczko/ha-groq-cloud-api#20",
        status: 400,
        body: errorBody({
          message: "tool call validation failed",
          type: "invalid_request_error",
          code: "tool_use_failed",
        }),
      },
    ],
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
