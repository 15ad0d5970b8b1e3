import { createModelCaller, type ModelCaller } from "../model/call_model.ts";
import { readSecret } from "../read_secret.ts";
import type { EndpointRow, StageDependencies } from "./assignment.ts";

/** Prepares calls to an endpoint, for a run of this owner: for answers, or for embeddings. */
export function openEndpoint(
  endpoint: EndpointRow,
  owner: string | null,
  { config, database, fetch, resolveDns, clock }: StageDependencies,
  { embeds = false } = {},
): ModelCaller {
  return createModelCaller({
    name: endpoint.name,
    url: endpoint.url,
    format: endpoint.format,
    model: endpoint.model,
    headers: endpoint.headers,
    requestTemplate: endpoint.request_template,
    responsePath: endpoint.response_path,
    timeoutSeconds: endpoint.timeout_seconds,
    maxOutputTokens: endpoint.max_output_tokens,
    embeds,
  }, {
    fetch,
    resolveDns,
    now: clock.now,
    allowPrivateHosts: config.allowPrivateHosts,
    hidesEndpoint: owner !== null,
    resolveSecret: (name) => readSecret(database, name),
  });
}
