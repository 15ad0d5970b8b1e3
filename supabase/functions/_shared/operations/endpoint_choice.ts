import * as z from "zod";
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
    "Of modelEndpoint; guessed from its URL when absent",
  ),
};

/** Refuses both or none of the two ways to name an endpoint, and a format beside a stored one. */
export function checkEndpointChoice(
  { modelEndpoint, endpoint, format }: {
    modelEndpoint?: string;
    endpoint?: string;
    format?: string;
  },
  context: z.RefinementCtx,
): void {
  if (endpoint !== undefined && format !== undefined) {
    context.addIssue({
      code: "custom",
      path: ["format"],
      message:
        "a stored endpoint has its own: write format in model_endpoints, or leave it out",
    });
  }
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
}

/**
 * The endpoint that a direct call names by its URL.
 *
 * @throws {PipelineError} `forbidden`: a user gives a URL
 */
export function toDirectEndpoint(
  { modelEndpoint, format, model, requestOptions }: {
    modelEndpoint: string;
    model?: string;
    format?: Endpoint["format"];
    requestOptions: { headers: Record<string, string>; timeout?: number };
  },
  caller: Caller,
): Endpoint {
  if (caller.kind === "user") {
    throw new PipelineError(
      "forbidden",
      "Cannot call modelEndpoint: users may only call an endpoint that is open to them, by its name in endpoint",
    );
  }
  return {
    name: new URL(modelEndpoint).host,
    url: modelEndpoint,
    format,
    model,
    headers: requestOptions.headers,
    timeoutSeconds: (requestOptions.timeout ?? 60_000) / 1000,
  };
}
