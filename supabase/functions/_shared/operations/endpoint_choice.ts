import { z } from "zod";
import { PipelineError } from "../errors.ts";
import { type Endpoint, endpointUrlSchema } from "../model/endpoint.ts";
import { MODEL_FORMAT_NAMES } from "../model/formats/known_formats.ts";
import type { Caller } from "./caller.ts";

/** Where the calls go: a URL, or the name of a row of model_endpoints. */
export const endpointChoice = {
  modelEndpoint: endpointUrlSchema.optional().describe(
    "URL of the model API; service only",
  ),
  endpoint: z.string().min(1).optional().describe(
    "Name of a row of model_endpoints",
  ),
  model: z.string().min(1).optional(),
  format: z.enum(MODEL_FORMAT_NAMES).optional().describe(
    "Guessed from the URL when absent",
  ),
};

/** Refuses both or none of the two ways to name an endpoint. */
export function checkEndpointChoice(
  { modelEndpoint, endpoint }: { modelEndpoint?: string; endpoint?: string },
  context: z.RefinementCtx,
): void {
  if ((modelEndpoint === undefined) !== (endpoint === undefined)) return;
  context.addIssue({
    code: "custom",
    path: ["modelEndpoint"],
    message:
      "give either modelEndpoint, the URL of a model API, or endpoint, the name of a row of model_endpoints",
  });
}

export interface NamedEndpoint extends Endpoint {
  maxConcurrency: number | null;
  /** Names of the headers that users may send, in lower case; absent: none. */
  userHeaders?: string[];
}

interface EndpointChoice {
  modelEndpoint?: string;
  endpoint?: string;
  model?: string;
  format?: Endpoint["format"];
  requestOptions: { headers: Record<string, string>; timeout?: number };
}

/**
 * The endpoint that a direct call names.
 *
 * @throws {PipelineError} `forbidden`: a user gives a URL, or a header that is not theirs to set;
 * `not_found`: no such endpoint
 */
export async function chooseEndpoint(
  input: EndpointChoice,
  { caller, readEndpoint }: {
    caller: Caller;
    /** An endpoint by name; null: there is none that the caller may use. */
    readEndpoint(name: string): Promise<NamedEndpoint | null>;
  },
): Promise<NamedEndpoint> {
  const { headers, timeout } = input.requestOptions;
  if (input.modelEndpoint !== undefined) {
    if (caller.kind === "user") {
      throw new PipelineError(
        "forbidden",
        "Cannot call modelEndpoint: users may only call an endpoint that is open to them, by its name in endpoint",
      );
    }
    return {
      name: new URL(input.modelEndpoint).host,
      url: input.modelEndpoint,
      format: input.format,
      model: input.model,
      headers,
      timeoutSeconds: (timeout ?? 60_000) / 1000,
      maxConcurrency: null,
    };
  }
  const endpoint = await readEndpoint(input.endpoint!);
  if (!endpoint) {
    throw new PipelineError(
      "not_found",
      `Cannot find endpoint "${input.endpoint}": choose one of model_endpoints`,
    );
  }
  if (caller.kind === "user") checkHeadersOfUser(headers, endpoint);
  return {
    ...endpoint,
    model: input.model ?? endpoint.model,
    format: input.format ?? endpoint.format,
    headers: { ...endpoint.headers, ...headers },
    timeoutSeconds: timeout === undefined
      ? endpoint.timeoutSeconds
      : timeout / 1000,
  };
}

/**
 * The rules that check_run() has for the runs of users: a placeholder would send them any secret of
 * Vault, and a gateway that takes the address to call from a header would send the endpoint's key.
 */
function checkHeadersOfUser(
  given: Record<string, string>,
  { headers, userHeaders = [] }: NamedEndpoint,
): void {
  const declared = Object.keys(headers).map((name) => name.toLowerCase());
  for (const [name, value] of Object.entries(given)) {
    const lower = name.toLowerCase();
    if (
      userHeaders.includes(lower) && !declared.includes(lower) &&
      !value.includes("{{")
    ) continue;
    throw new PipelineError(
      "forbidden",
      `Cannot send header "${name}": users may send ${
        userHeaders.join(", ") || "no headers"
      } to this endpoint, without secrets, and replace none that it sets`,
    );
  }
}
