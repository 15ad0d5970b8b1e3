import type { ModelFormatName } from "../../supabase/functions/_shared/model/formats/known_formats.ts";
import { WrongUsage } from "./command.ts";
import { texts, toHeaders, toNumber } from "./read_arguments.ts";

/** The options that name a model, for every command that calls one. */
export const endpointOptions = {
  ...texts("endpoint", "url", "model", "format", "timeout", "parameters"),
  ...texts("max-concurrency"),
  header: { type: "string", multiple: true },
} as const;

export const ENDPOINT_HELP =
  `  --endpoint NAME        a row of model_endpoints, or
  --url URL              the URL of a model API
  --model NAME, --format NAME
  --header 'Name: value' sent with every call; may be given several times
  --timeout SECONDS      limit of one call
  --parameters JSON      such as '{"temperature": 0}'
  --max-concurrency N    calls at a time`;

/** What these options say, as operations take it. */
export function toEndpointChoice(values: {
  endpoint?: string;
  url?: string;
  model?: string;
  format?: string;
  header?: string[];
  timeout?: string;
}) {
  const timeout = toNumber("timeout", values.timeout);
  return {
    endpoint: values.endpoint,
    modelEndpoint: values.url,
    model: values.model,
    // The operation checks it and lists the formats.
    format: values.format as ModelFormatName | undefined,
    requestOptions: {
      headers: toHeaders(values.header),
      timeout: timeout === undefined ? undefined : timeout * 1000,
    },
  };
}

/** @throws {WrongUsage} the text of an option is no JSON */
export function toJson(name: string, text: string | undefined) {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new WrongUsage(`Cannot use --${name} ${text}: it is no JSON`);
  }
}

/** Evaluators: names with commas between them, or JSON. @throws {WrongUsage} JSON that is none */
export function toEvaluators(text: string | undefined) {
  if (text === undefined) return undefined;
  return /^\s*[[{"]/.test(text)
    ? toJson("evaluators", text)
    : text.split(",").map((name) => name.trim());
}
