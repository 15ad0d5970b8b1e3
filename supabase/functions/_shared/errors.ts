/** Stable codes a caller may switch on; messages may be reworded freely. */
export type PipelineErrorCode =
  | "invalid_request"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "too_large"
  | "lease_lost"
  | "unavailable"
  | "internal";

const HTTP_STATUS: Record<PipelineErrorCode, number> = {
  invalid_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  lease_lost: 409,
  too_large: 413,
  internal: 500,
  unavailable: 503,
};

/** A failure that the caller is expected to handle, as opposed to a bug. */
export class PipelineError extends Error {
  override readonly name = "PipelineError";
  readonly code: PipelineErrorCode;

  constructor(
    code: PipelineErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
  }
}

/** Maps any thrown value to a JSON response and hides the details of bugs. */
export function toErrorResponse(error: unknown): Response {
  if (error instanceof PipelineError) {
    return Response.json(
      { code: error.code, message: error.message },
      { status: HTTP_STATUS[error.code] },
    );
  }
  console.error(error);
  return Response.json(
    { code: "internal", message: "Internal error: see the function's log" },
    { status: 500 },
  );
}
