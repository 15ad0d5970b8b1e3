import type { Clock } from "../clock.ts";
import { startDeadline } from "./deadline.ts";
import { describeFailure } from "./describe_failure.ts";
import {
  createEgressGuard,
  type EgressVerdict,
  type ResolveDns,
} from "./egress_guard.ts";
import type { Endpoint } from "./endpoint.ts";
import { FailedCall } from "./failed_call.ts";
import { chooseEmbeddings } from "./formats/choose_embeddings.ts";
import { chooseFormat } from "./formats/choose_format.ts";
import type { ModelFormat } from "./model_format.ts";
import { type ModelRequest, toRequestParts } from "./model_request.ts";
import type { ModelResult } from "./model_result.ts";
import { throwConnectionFailure } from "./network_failure.ts";
import { outputLimitOf, withOutputLimit } from "./output_limit.ts";
import { type CallOutcome, readOutcome } from "./read_outcome.ts";
import { clampWait } from "./retry_after.ts";
import { createScrub } from "./scrub.ts";
import { createHeaderSource } from "./secret_headers.ts";
import type { ToolCall } from "./tool_calls.ts";
import { toFailure } from "./thrown_failure.ts";
import { UnsendableRequest } from "./unsendable_request.ts";

/** What a caller needs from outside. */
export interface ModelCallerDependencies {
  fetch: typeof fetch;
  /** Value of a secret by name; rejects when there is none. */
  resolveSecret(name: string): Promise<string>;
  now: Clock["now"];
  /** Whether `PIPELINE_ALLOW_PRIVATE_HOSTS=true`; opens http and private hosts. */
  allowPrivateHosts: boolean;
  /** `Deno.resolveDns`, where the platform has it. */
  resolveDns?: ResolveDns;
  /** Whether who reads the errors may not see the endpoint's row: names of secrets, URLs. */
  hidesEndpoint?: boolean;
  /** Longest response that is read; default 10 MB. */
  responseLimitBytes?: number;
}

/** Calls one endpoint; keep it for as many calls as there are. */
export interface ModelCaller {
  /**
   * Makes one call and classifies its outcome. Never retries and never throws
   * for anything that the endpoint, the network or the configuration did.
   */
  call(request: ModelRequest): Promise<ModelResult>;
}

const RESPONSE_LIMIT_BYTES = 10_000_000;
const LONGEST_MODEL_NAME = 200;

/**
 * Prepares everything about an endpoint that calls have in common: format, URL,
 * headers, egress guard. An endpoint that cannot be prepared, because its row
 * holds a bad URL, template or path, fails each call with class `stop`.
 */
export function createModelCaller(
  endpoint: Endpoint,
  dependencies: ModelCallerDependencies,
): ModelCaller {
  const { now, responseLimitBytes = RESPONSE_LIMIT_BYTES } = dependencies;
  const prepared = prepare(endpoint);
  const guard = createEgressGuard(dependencies);
  const headerSource = createHeaderSource(
    withDefaults(endpoint.headers, prepared.format?.headers ?? {}),
    dependencies.resolveSecret,
    now,
  );

  async function call(request: ModelRequest): Promise<ModelResult> {
    const deadline = startDeadline(
      endpoint.timeoutSeconds * 1000,
      request.signal,
    );
    let sentAt: number | undefined;
    let scrub = NO_SECRETS;
    let outcome: CallOutcome;
    try {
      if (prepared.problem) throw prepared.problem;
      const { format } = prepared;
      const { target, body } = writeRequest(request, prepared);
      const resolved = await deadline.within(headerSource.resolve());
      scrub = resolved.scrub;
      const egress = await deadline.within(guard.check(new URL(target)));
      if (egress.verdict !== "allowed") throw toFailedCall(egress);
      sentAt = now();
      deadline.restart();
      const response = await dependencies.fetch(target, {
        method: "POST",
        headers: resolved.headers,
        body,
        redirect: "manual",
        signal: deadline.signal,
      }).catch(throwConnectionFailure);
      outcome = await readOutcome(response, format, {
        limitBytes: responseLimitBytes,
        now: now(),
      });
      if (outcome.failure?.code === "unauthorized") headerSource.forget();
    } catch (error) {
      outcome = {
        failure: toFailure(error, deadline.givenUp(), endpoint.timeoutSeconds),
      };
    } finally {
      deadline.clear();
    }
    // A clock may be set while a call is under way.
    const durationMs = sentAt === undefined ? 0 : clampWait(now() - sentAt);
    return finish(
      dependencies.hidesEndpoint ? hideEndpoint(outcome) : outcome,
      endpoint.name,
      scrub,
      durationMs,
      request.keepBody,
    );
  }

  function writeRequest(
    request: ModelRequest,
    { format, url }: { format: ModelFormat; url: URL },
  ): { target: string; body: string } {
    const parts = toRequestParts(
      { ...request, parameters: limitOutput(request.parameters) },
      endpoint.model,
    );
    return {
      target: format.toUrl(url, parts),
      body: JSON.stringify(format.toBody(parts, url)),
    };
  }

  function limitOutput(parameters: ModelRequest["parameters"]) {
    const { maxOutputTokens } = endpoint;
    return maxOutputTokens && outputLimitOf(parameters) === undefined
      ? withOutputLimit(parameters, maxOutputTokens)
      : parameters;
  }

  return { call };
}

const NO_SECRETS = createScrub([]);

type Prepared =
  | { url: URL; format: ModelFormat; problem?: never }
  | { problem: UnsendableRequest; url?: never; format?: never };

function prepare(endpoint: Endpoint): Prepared {
  try {
    const url = new URL(endpoint.url);
    const choose = endpoint.embeds ? chooseEmbeddings : chooseFormat;
    return { url, format: choose(endpoint, url) };
  } catch (cause) {
    if (cause instanceof UnsendableRequest) return { problem: cause };
    if (!(cause instanceof TypeError)) throw cause;
    const problem = new UnsendableRequest("endpoint_invalid", cause.message, {
      cause,
    });
    return { problem };
  }
}

/** Header names are compared without regard to case. */
function withDefaults(
  declared: Record<string, string>,
  defaults: Record<string, string>,
): Record<string, string> {
  const headers: Record<string, string> = {
    "content-type": "application/json",
    ...defaults,
  };
  for (const [name, value] of Object.entries(declared)) {
    headers[name.toLowerCase()] = value;
  }
  return headers;
}

function toFailedCall(
  { verdict, reason }: Exclude<EgressVerdict, { verdict: "allowed" }>,
): FailedCall {
  return new FailedCall({
    ...verdict === "refused"
      ? { class: "stop", code: "egress_refused", what: "must not be called" }
      : { class: "transient", code: "dns", what: "could not be reached" },
    said: reason,
  });
}

/** Failures whose words are about the endpoint's row, not about the call. */
const ABOUT_THE_ENDPOINT = [
  "dns",
  "egress_refused",
  "endpoint_invalid",
  "header_invalid",
  "redirect",
  "secret_unavailable",
];

/** Leaves what the project's owner has to mend to the log of the function. */
function hideEndpoint(outcome: CallOutcome): CallOutcome {
  const { failure } = outcome;
  if (!failure?.said || !ABOUT_THE_ENDPOINT.includes(failure.code)) {
    return outcome;
  }
  console.error(failure.said);
  return {
    ...outcome,
    failure: { ...failure, said: "the project's owner sees why in the log" },
  };
}

function finish(
  outcome: CallOutcome,
  endpoint: string,
  scrub: typeof NO_SECRETS,
  durationMs: number,
  keepBody: boolean | undefined,
): ModelResult {
  const { answer, failure, usage, model, limits, body } = outcome;
  const record = {
    ...usage,
    model: model === undefined
      ? undefined
      : scrub.text(model).slice(0, LONGEST_MODEL_NAME),
    durationMs,
    limits,
    body: keepBody && body !== undefined ? scrub.json(body) : undefined,
  };
  if (answer) {
    return {
      ...record,
      ok: true,
      text: scrub.text(answer.text),
      ...answer.toolCalls && {
        toolCalls: scrub.json(answer.toolCalls) as ToolCall[],
      },
      finishReason: answer.finishReason,
    };
  }
  // Before it is shortened: half a secret would not be recognised.
  const said = failure.said && scrub.text(failure.said);
  const error = describeFailure(endpoint, { ...failure, said });
  return { ...record, ok: false, error };
}
