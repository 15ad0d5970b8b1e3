import {
  type OperationError,
  PipelineError,
  type PipelineErrorCode,
} from "../../supabase/functions/_shared/errors.ts";
import type { RemoteProject } from "./tool_types.ts";

/**
 * Runs an operation in the Edge Functions of a project.
 *
 * @throws {PipelineError} with the code and the errors that the function answered, or `unavailable`
 * when it answered nothing that can be read
 */
export async function callProject(
  { url, key, userToken }: RemoteProject,
  call: object,
  fetch: typeof globalThis.fetch,
): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(
      `${url.replace(/\/+$/, "")}/functions/v1/prompt-pipeline`,
      {
        method: "POST",
        headers: {
          "content-type": "application/json",
          apikey: key,
          ...userToken ? { authorization: `Bearer ${userToken}` } : {},
        },
        body: JSON.stringify(call),
        // The key would go along to another origin.
        redirect: "error",
      },
    );
  } catch (cause) {
    throw new PipelineError("unavailable", `Cannot reach ${url}`, { cause });
  }
  const body = await response.json().catch(() => undefined);
  if (response.ok && body !== undefined) return body;
  const { code, message, errors } = (body ?? {}) as {
    code?: PipelineErrorCode;
    message?: string;
    errors?: OperationError[];
  };
  throw new PipelineError(
    // The platform in front of the functions has codes of its own: numbers.
    typeof code === "string" ? code : "unavailable",
    message ?? `Cannot run the operation: ${url} answered ${response.status}`,
    { errors },
  );
}
