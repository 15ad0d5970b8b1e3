import { FailedCall } from "./failed_call.ts";
import type { RequestParts } from "./model_request.ts";

type UnsendableCode =
  | "endpoint_invalid"
  | "header_invalid"
  | "model_invalid"
  | "model_missing"
  | "no_embeddings"
  | "questions_missing"
  | "unsupported_parameter";

/** A request that cannot be written for its endpoint, whatever the prompt: the run must be changed. */
export class UnsendableRequest extends FailedCall {
  constructor(code: UnsendableCode, said: string, options?: ErrorOptions) {
    super({ class: "stop", code, what: "was not called", said }, options);
  }
}

/**
 * Refuses neutral parameters that an API has no field for. Leaving them out
 * silently would grade answers made under other conditions than asked for.
 */
export function refuseUnsupported(
  format: string,
  parts: RequestParts,
  names: (keyof RequestParts["neutral"])[],
): void {
  const unsupported = names.filter((name) => parts.neutral[name] !== undefined);
  if (unsupported.length === 0) return;
  throw new UnsendableRequest(
    "unsupported_parameter",
    `Cannot send ${unsupported.join(", ")}: the ${format} API has no such ` +
      "parameter. Remove it from the run's parameters",
  );
}

/** The model's name, for an API that cannot do without. */
export function requireModel(format: string, parts: RequestParts): string {
  if (parts.model) return parts.model;
  throw new UnsendableRequest(
    "model_missing",
    `Cannot call the ${format} API without a model: ` +
      "set the endpoint's model or the run's parameter model",
  );
}
