/** Headers that belong to one connection and not to the message. */
const hopByHop = [
  "connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
  // The next server speaks for itself.
  "host",
  "content-length",
  // Compressing on the way between two processes of one machine only costs time.
  "accept-encoding",
];

/**
 * Passes a request on and its answer back, streaming both ways.
 *
 * @param target the URL to call instead
 */
export async function forward(
  request: Request,
  target: URL,
  fetch: typeof globalThis.fetch,
): Promise<Response> {
  const headers = new Headers(request.headers);
  for (const name of hopByHop) headers.delete(name);
  const { host, protocol } = new URL(request.url);
  headers.set("x-forwarded-host", host);
  headers.set("x-forwarded-proto", protocol.slice(0, -1));
  return await fetch(target, {
    method: request.method,
    headers,
    body: request.body,
    redirect: "manual",
  });
}
