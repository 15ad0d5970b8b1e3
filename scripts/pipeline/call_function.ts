import * as z from "zod";
import type { WorkerFacts } from "../../supabase/functions/_shared/worker_facts.ts";
import type { Connection } from "../project/connection.ts";
import { refuseRedirects } from "../project/refuse_redirects.ts";
import type { FunctionAnswer } from "./check_project.ts";

/** What every error of the pipeline's functions has, and a gateway's has not. */
const ownErrorSchema = z.looseObject({ errors: z.array(z.unknown()) });

/** Calls a function as the request says, and tells who answered. */
export async function callFunction(
  name: string,
  { url }: Pick<Connection, "url">,
  request: RequestInit,
  fetch: typeof globalThis.fetch,
): Promise<{ answer: FunctionAnswer; body: unknown }> {
  const response = await refuseRedirects(fetch)(
    `${url}/functions/v1/${name}`,
    request,
  );
  const body = await response.json().catch(() => undefined);
  return {
    answer: {
      status: response.status,
      isOwn: response.ok || ownErrorSchema.safeParse(body).success,
      errorCode: response.headers.get("sb-error-code"),
    },
    body,
  };
}

/** Asks a worker what it is like, or tells what was answered instead. */
export async function inspectWorker(
  { url, secretKey }: Connection,
  fetch: typeof globalThis.fetch,
): Promise<WorkerFacts | FunctionAnswer> {
  const { answer, body } = await callFunction("pipeline-worker", { url }, {
    headers: { apikey: secretKey },
  }, fetch);
  return answer.status === 200 ? body as WorkerFacts : answer;
}
