import { STATUS_CODE } from "@std/http/status";

const HTTP_STATUS = {
  invalid_request: STATUS_CODE.BadRequest,
  unauthorized: STATUS_CODE.Unauthorized,
  forbidden: STATUS_CODE.Forbidden,
  not_found: STATUS_CODE.NotFound,
  method_not_allowed: STATUS_CODE.MethodNotAllowed,
  conflict: STATUS_CODE.Conflict,
  lease_lost: STATUS_CODE.Conflict,
  quota_exceeded: STATUS_CODE.TooManyRequests,
  too_large: STATUS_CODE.ContentTooLarge,
  internal: STATUS_CODE.InternalServerError,
  unavailable: STATUS_CODE.ServiceUnavailable,
  timed_out: STATUS_CODE.GatewayTimeout,
};

/** Stable codes a caller may switch on; messages may be reworded freely. */
export type PipelineErrorCode = keyof typeof HTTP_STATUS;

/** One thing that went wrong, as every answer of an operation lists it. */
export interface OperationError {
  code: string;
  message: string;
  /** Where: file, prompt index, batch number, path in the request. */
  context?: Record<string, unknown>;
}

/** A failure that the caller is expected to handle, as opposed to a bug. */
export class PipelineError extends Error {
  override readonly name = "PipelineError";
  readonly code: PipelineErrorCode;
  /** Each single problem, when there may be several. */
  readonly errors: OperationError[];
  /** The wait that was asked for, in milliseconds. */
  readonly retryAfterMs?: number;

  constructor(
    code: PipelineErrorCode,
    message: string,
    options?: ErrorOptions & {
      errors?: OperationError[];
      retryAfterMs?: number;
    },
  ) {
    super(message, options);
    this.code = code;
    this.errors = options?.errors ?? [{ code, message }];
    this.retryAfterMs = options?.retryAfterMs;
  }
}

/** Maps any thrown value to a JSON response and hides the details of bugs. */
export function toErrorResponse(error: unknown): Response {
  if (error instanceof PipelineError) {
    return Response.json(
      { code: error.code, message: error.message, errors: error.errors },
      { status: HTTP_STATUS[error.code] },
    );
  }
  console.error(error);
  const bug = {
    code: "internal",
    message: "Internal error: see the function's log",
  };
  return Response.json({ ...bug, errors: [bug] }, {
    status: HTTP_STATUS.internal,
  });
}
