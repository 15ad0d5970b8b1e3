/** One row of net.http_request_queue. */
export interface QueuedRequest {
  id: string;
  method: string;
  url: string;
  headers: Record<string, string | null> | null;
  body: Uint8Array | null;
  timeout_milliseconds: number;
}

/** One row of net._http_response. */
export interface RecordedResponse {
  id: string;
  status_code: number | null;
  content_type: string | null;
  headers: Record<string, string> | null;
  content: string | null;
  timed_out: boolean | null;
  error_msg: string | null;
}

/** Sends a request as pg_net does; a failure is a response with an error. */
export async function sendQueuedRequest(
  request: QueuedRequest,
  fetch: typeof globalThis.fetch,
): Promise<RecordedResponse> {
  const { id, method, url, body, timeout_milliseconds: timeout } = request;
  const nothing = {
    id,
    status_code: null,
    content_type: null,
    headers: null,
    content: null,
  };
  const headers = new Headers({ "user-agent": "pg_net/0.20.4" });
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    // pg_net drops a header without a value and says nothing.
    if (value !== null) headers.set(name, value);
  }
  // To curl, and so to pg_net, no milliseconds mean no limit.
  const signal = timeout > 0 ? AbortSignal.timeout(timeout) : undefined;
  try {
    const response = await fetch(url, {
      method: method.toUpperCase(),
      headers,
      body: body as Uint8Array<ArrayBuffer> | null,
      signal,
    });
    return {
      ...nothing,
      status_code: response.status,
      content_type: response.headers.get("content-type"),
      headers: Object.fromEntries(response.headers),
      content: await response.text(),
      timed_out: false,
      error_msg: null,
    };
  } catch (error) {
    return {
      ...nothing,
      timed_out: signal?.aborted ?? false,
      error_msg: signal?.aborted
        ? `Timeout of ${timeout} ms reached`
        : (error as Error).message,
    };
  }
}
