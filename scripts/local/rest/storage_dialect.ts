/**
 * Where lite 0.10.0 and Supabase Storage speak differently, seen with
 * @supabase/storage-js 2.119.1: uploads of a Blob, the route for signed-in
 * users, and the names in an answer about a signed URL.
 */

import { Buffer } from "node:buffer";

const prefix = "/storage/v1";

/** Turns a request to Supabase Storage into one that lite understands. */
export async function toLiteRequest(request: Request): Promise<Request> {
  const url = new URL(request.url);
  url.pathname = url.pathname.replace(
    `${prefix}/object/authenticated/`,
    `${prefix}/object/`,
  );
  const type = request.headers.get("content-type") ?? "";
  if (!type.startsWith("multipart/form-data")) {
    if (url.href === request.url) return request;
    const { method, headers, body } = request;
    return new Request(url, { method, headers, body });
  }
  const form = await readForm(request);
  const file = [...form.values()].find((value) => value instanceof File);
  const headers = new Headers(request.headers);
  headers.delete("content-length");
  headers.set("content-type", file?.type || "application/octet-stream");
  const seconds = form.get("cacheControl");
  if (seconds) headers.set("cache-control", `max-age=${seconds}`);
  return new Request(url, {
    method: request.method,
    headers,
    body: await file?.arrayBuffer(),
  });
}

/** The client gives the file no name, and Deno skips a part without one. */
async function readForm(request: Request): Promise<FormData> {
  const bytes = Buffer.from(await request.arrayBuffer());
  const unnamed = 'name=""';
  const at = bytes.indexOf(unnamed);
  const body = at < 0 ? bytes : Buffer.concat([
    bytes.subarray(0, at),
    Buffer.from('name="file"'),
    bytes.subarray(at + unnamed.length),
  ]);
  const type = request.headers.get("content-type")!;
  return await new Response(body, { headers: { "content-type": type } })
    .formData();
}

/**
 * Turns lite's answer about a signed URL into that of Supabase Storage.
 * createSignedUrls(), for several, finds no route in lite.
 */
export async function fromLiteResponse(
  request: Request,
  response: Response,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  const isAboutSignedUrl = request.method === "POST" && response.ok &&
    /^\/storage\/v1\/object\/(upload\/)?sign\//.test(pathname);
  if (!isAboutSignedUrl) return response;
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  // The client puts the prefix in front itself.
  const { signedUrl, ...answer } = await response.json();
  const url = signedUrl.replace(prefix, "");
  return Response.json({ ...answer, url, signedURL: url }, {
    status: response.status,
    headers,
  });
}
