import type { ModelFormatName } from "../formats/known_formats.ts";

/**
 * What a call gives: an error's class and code, or `answer` and the finish
 * reason; with the wait asked for, in seconds, if there is one.
 */
export type FaultOutcome = `${
  | "rate"
  | "transient"
  | "permanent"
  | "stop"
  | "answer"} ${string}`;

/** One way in which an endpoint misbehaves, and what comes of it. */
export interface FaultCase {
  /** The model simulator's name for it. */
  fault: string;
  /** What the endpoint does. */
  happens: string;
  outcome: FaultOutcome;
  /** Formats whose API cannot say it, or says it in another way. */
  except?: Partial<Record<ModelFormatName, FaultOutcome>>;
}

/**
 * Every fault that is known, with its outcome in every format: the source of
 * the fault matrix's tests and of docs/faults.md.
 */
export const FAULT_CASES: readonly FaultCase[] = [
  // The endpoint is busy.
  {
    fault: "429",
    happens: "HTTP 429 with Retry-After",
    outcome: "rate rate_limited after 1 s",
  },
  {
    fault: "rate-without-header",
    happens: "HTTP 429 without Retry-After",
    outcome: "rate rate_limited",
  },
  {
    fault: "503",
    happens: "HTTP 503 with Retry-After",
    outcome: "rate overloaded after 1 s",
  },
  {
    fault: "overloaded",
    happens: "HTTP 529 with Retry-After",
    outcome: "rate overloaded after 1 s",
  },
  {
    fault: "slow-down",
    happens: "HTTP 503 with the code slow_down",
    outcome: "rate rate_limited",
    except: { ollama: "transient http_503" },
  },
  {
    fault: "rate-in-body",
    happens: "HTTP 200, the body a rate limit error",
    outcome: "rate rate_limited",
    except: { ollama: "transient error_in_body" },
  },

  // The endpoint or the way to it is in trouble.
  ...["408", "425", "500", "502", "504"].map((status): FaultCase => ({
    fault: status,
    happens: `HTTP ${status}`,
    outcome: `transient http_${status}`,
  })),
  {
    fault: "503-without-header",
    happens: "HTTP 503 without Retry-After",
    outcome: "transient http_503",
  },
  {
    fault: "529",
    happens: "HTTP 529 without Retry-After",
    outcome: "transient http_529",
  },
  {
    fault: "html-502",
    happens: "HTTP 502 with an HTML page",
    outcome: "transient http_502",
  },
  {
    fault: "error-in-body",
    happens: "HTTP 200, the body a server error",
    outcome: "transient http_500",
    except: { ollama: "transient error_in_body" },
  },
  {
    fault: "reset",
    happens: "connection closed before the response",
    outcome: "transient reset",
  },
  {
    fault: "reset-in-body",
    happens: "connection closed within the body",
    outcome: "transient reset",
  },
  {
    fault: "silence",
    happens: "no response until the timeout",
    outcome: "transient timeout",
  },
  {
    fault: "slow-body",
    happens: "a body that is not complete at the timeout",
    outcome: "transient timeout",
  },
  {
    fault: "truncated-json",
    happens: "HTTP 200, JSON that is cut off",
    outcome: "transient invalid_json",
  },
  {
    fault: "invalid-json",
    happens: "HTTP 200, not JSON",
    outcome: "transient invalid_json",
  },
  {
    fault: "html",
    happens: "HTTP 200, an HTML page",
    outcome: "transient html",
  },
  {
    fault: "empty-body",
    happens: "HTTP 200, an empty body",
    outcome: "transient empty_content",
  },
  {
    fault: "sse-truncated",
    happens: "a stream that ends before the answer does",
    outcome: "transient truncated_stream",
    // Nothing tells the last event of a stream in no published format.
    except: { custom: "answer other" },
  },
  {
    fault: "sse-error",
    happens: "a stream with an error in the middle",
    outcome: "transient http_529",
    except: {
      gemini: "transient http_503",
      ollama: "transient error_in_body",
    },
  },

  {
    fault: "404",
    happens: "HTTP 404: the address may be wrong for all prompts",
    outcome: "stop not_found",
  },

  // The request is at fault: this prompt has failed.
  ...["400", "413", "422"].map((status): FaultCase => ({
    fault: status,
    happens: `HTTP ${status}`,
    outcome: `permanent http_${status}`,
  })),
  {
    fault: "filtered-400",
    happens: "HTTP 400 with the code content_filter",
    outcome: "permanent content_filter",
    except: { ollama: "permanent http_400" },
  },
  {
    fault: "flagged-403",
    happens: "HTTP 403, the prompt flagged by moderation",
    outcome: "permanent content_filter",
  },
  {
    fault: "redirect",
    happens: "HTTP 302 to another host",
    outcome: "permanent redirect",
  },
  {
    fault: "oversized",
    happens: "a body above 10 MB",
    outcome: "permanent response_too_large",
  },
  {
    fault: "unrecognised",
    happens: "HTTP 200, JSON in another format",
    outcome: "permanent unrecognised_answer",
  },

  // Every prompt would fail: the run is paused.
  { fault: "401", happens: "HTTP 401", outcome: "stop unauthorized" },
  { fault: "403", happens: "HTTP 403", outcome: "stop forbidden" },
  { fault: "402", happens: "HTTP 402", outcome: "stop quota" },
  {
    fault: "quota",
    happens: "HTTP 429 with the code insufficient_quota",
    outcome: "stop quota",
    except: { ollama: "rate rate_limited" },
  },
  {
    fault: "quota-400",
    happens: 'HTTP 400, "Your credit balance is too low"',
    outcome: "stop quota",
  },
  {
    fault: "daily-quota",
    happens: "HTTP 429, Gemini's quota for the day used up",
    outcome: "stop daily_quota",
  },
  {
    fault: "bad-key-400",
    happens: "HTTP 400 with the reason API_KEY_INVALID",
    outcome: "stop unauthorized",
  },

  // The model answers, but not as hoped for.
  {
    fault: "refusal",
    happens: "the model refuses",
    outcome: "permanent refusal",
    except: {
      gemini: "permanent content_filter",
      ollama: "answer stop",
      custom: "answer other",
    },
  },
  {
    fault: "content-filter",
    happens: "the answer is filtered",
    outcome: "permanent content_filter",
    except: {
      "anthropic-messages": "permanent refusal",
      ollama: "transient empty_content",
      custom: "transient empty_content",
    },
  },
  {
    fault: "empty-content",
    happens: "an answer without text",
    outcome: "transient empty_content",
  },
  {
    fault: "length",
    happens: "text cut off by the token limit",
    outcome: "answer length",
    except: { custom: "answer other" },
  },
  {
    fault: "length-empty",
    happens: "the token limit reached before any text",
    outcome: "permanent max_tokens",
    except: { custom: "transient empty_content" },
  },
  {
    fault: "tool-call",
    happens: "a tool call, whose JSON becomes the text",
    outcome: "answer tool_calls",
    except: { custom: "transient empty_content" },
  },
  {
    fault: "sse",
    happens: "a stream, though none was asked for",
    outcome: "answer stop",
    except: { custom: "answer other" },
  },
  {
    fault: "sse-unlabelled",
    happens: "a stream under the type application/json",
    outcome: "answer stop",
    except: { custom: "answer other" },
  },
];
