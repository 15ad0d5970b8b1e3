import type { Sql } from "postgres";
import { guessFormat } from "../../supabase/functions/_shared/model/formats/choose_format.ts";
import { setVaultSecret } from "../local/vault_secret.ts";

/** The model that the demo asks. */
export type ModelChoice =
  | { kind: "simulated" }
  | {
    kind: "real";
    url: string;
    model: string;
    /** Another model of the same API, to be compared; undefined: none. */
    otherModel?: string;
    apiKey?: string;
  };

/** A row of model_endpoints, as far as the demo fills it. */
export interface EndpointRow {
  name: string;
  url: string;
  model: string;
  headers: Record<string, string>;
  max_concurrency: number | null;
}

const SECRET = "MODEL_API_KEY";

/**
 * Reads MODEL_ENDPOINT, MODEL, OTHER_MODEL and MODEL_API_KEY.
 *
 * @throws Error that names the variable that is missing or makes no sense
 */
export function readModelChoice(
  env: Record<string, string | undefined>,
): ModelChoice {
  const { MODEL_ENDPOINT: url, MODEL: model, MODEL_API_KEY: apiKey } = env;
  if (!url && !model && !apiKey) return { kind: "simulated" };
  if (!url || !model) {
    const missing = url ? "MODEL" : "MODEL_ENDPOINT";
    throw new Error(
      `Cannot ask a real model without ${missing}: set MODEL_ENDPOINT and MODEL, and MODEL_API_KEY if the API needs a key`,
    );
  }
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw new Error(
      `Cannot use MODEL_ENDPOINT ${url}: give a URL such as https://api.openai.com/v1`,
    );
  }
  return {
    kind: "real",
    url,
    model,
    otherModel: env.OTHER_MODEL || undefined,
    apiKey: apiKey || undefined,
  };
}

/** The endpoint of a real model. Each vendor wants its key in another header. */
export function toEndpoint(
  { url, model, apiKey }: ModelChoice & { kind: "real" },
): EndpointRow {
  const format = guessFormat(new URL(url))?.name;
  const secret = `{{secret:${SECRET}}}`;
  const headers: Record<string, string> = apiKey === undefined
    ? {}
    : format === "anthropic-messages"
    ? { "x-api-key": secret }
    : format === "gemini"
    ? { "x-goog-api-key": secret }
    : { Authorization: `Bearer ${secret}` };
  return { name: "real-model", url, model, headers, max_concurrency: null };
}

/** Inserts the endpoint, with its key in Vault where only workers read it. */
export async function addEndpoint(
  sql: Sql,
  endpoint: EndpointRow,
  apiKey?: string,
): Promise<void> {
  if (apiKey !== undefined) await setVaultSecret(sql, SECRET, apiKey);
  const row = { ...endpoint, headers: sql.json(endpoint.headers) };
  await sql`insert into model_endpoints ${sql(row)}`;
}
