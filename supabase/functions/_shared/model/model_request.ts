import type { Message } from "../prompt.ts";
import { outputLimitOf, VENDORS_SPELLINGS } from "./output_limit.ts";

/** One prompt on its way to a model. */
export interface ModelRequest {
  prompt: string;
  /** System prompt and earlier turns, oldest first. */
  messages?: Message[];
  /**
   * Vendor-neutral names (see `NeutralParameters`) are translated for the
   * endpoint's format; all other keys reach the request body as they are.
   */
  parameters: Record<string, unknown>;
  /** Return the parsed response body as well. */
  keepBody?: boolean;
  /** Abandons the call with the transient error `aborted`. */
  signal?: AbortSignal;
}

/** The parameters that every format translates to its vendor's names. */
export interface NeutralParameters {
  /** Used instead of the endpoint's model. */
  model?: string;
  /** Used instead of system turns in `messages`. */
  systemPrompt?: string;
  temperature?: number;
  topP?: number;
  topK?: number;
  maxTokens?: number;
  stop?: string | string[];
  seed?: number;
  presencePenalty?: number;
  frequencyPenalty?: number;
  /** JSON Schema which the answer must satisfy. */
  responseSchema?: unknown;
}

const NEUTRAL_NAMES: ReadonlySet<string> = new Set(
  [
    "model",
    "systemPrompt",
    "temperature",
    "topP",
    "topK",
    "maxTokens",
    "stop",
    "seed",
    "presencePenalty",
    "frequencyPenalty",
    "responseSchema",
  ] satisfies (keyof NeutralParameters)[],
);

/** A request taken apart the way every format needs it. */
export interface RequestParts {
  prompt: string;
  model: string | undefined;
  system: string | undefined;
  /** User and assistant turns, oldest first; the last one is the prompt. */
  turns: { role: "user" | "assistant"; content: string }[];
  /** The turns, with the system prompt before them if there is one. */
  messages: Message[];
  neutral: NeutralParameters;
  /** Parameters that this project has no name for. */
  verbatim: Record<string, unknown>;
  /** All parameters by the names they were given. */
  given: Record<string, unknown>;
}

/** Separates system prompt, turns and the two kinds of parameters. */
export function toRequestParts(
  request: ModelRequest,
  endpointModel: string | null | undefined,
): RequestParts {
  const neutral: Record<string, unknown> = {};
  const verbatim: Record<string, unknown> = {};
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(request.parameters)) {
    if (value === undefined || value === null) continue;
    given[name] = value;
    if (VENDORS_SPELLINGS.has(name)) continue;
    (NEUTRAL_NAMES.has(name) ? neutral : verbatim)[name] = value;
  }
  const limit = outputLimitOf(given);
  if (limit !== undefined) neutral.maxTokens = limit;
  const parameters = neutral as NeutralParameters;
  const archivedSystem: string[] = [];
  const turns: RequestParts["turns"] = [];
  for (const { role, content } of request.messages ?? []) {
    if (role === "system") archivedSystem.push(content);
    else turns.push({ role, content });
  }
  turns.push({ role: "user", content: request.prompt });
  const system = parameters.systemPrompt ??
    (archivedSystem.join("\n\n") || undefined);
  return {
    prompt: request.prompt,
    model: parameters.model ?? endpointModel ?? undefined,
    system,
    turns,
    messages: system === undefined
      ? turns
      : [{ role: "system", content: system }, ...turns],
    neutral: parameters,
    verbatim,
    given,
  };
}

/** A list of stop sequences, whether one or several were given. */
export function toStopList(
  stop: string | string[] | undefined,
): string[] | undefined {
  return typeof stop === "string" ? [stop] : stop;
}
