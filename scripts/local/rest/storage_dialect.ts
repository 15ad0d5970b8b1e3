/**
 * Where lite 0.10.0 and Supabase Storage speak differently, seen with
 * @supabase/storage-js 2.119.1: uploads of a Blob, the route for signed-in
 * users, signs in names, and the names in answers about a signed URL and about an object.
 */

import { Buffer } from "node:buffer";

const prefix = "/storage/v1";

/** lite decodes paths, but for these; a question mark cannot stand in one. */
const keptEscape = /%(?:24|26|2B|2C|2F|3A|3B|3D|40)/gi;

/** How lite writes the name of an object; Storage takes no name with a percent sign. */
export function toLiteName(name: string): string {
  return name.replaceAll("?", "%3F");
}

/** Turns a request to Supabase Storage into one that lite understands. */
export async function toLiteRequest(request: Request): Promise<Request> {
  const url = new URL(request.url);
  url.pathname = url.pathname.replace(
    `${prefix}/object/authenticated/`,
    `${prefix}/object/`,
  ).replace(keptEscape, decodeURIComponent);
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
  const metadata = form.get("metadata");
  if (typeof metadata === "string") {
    headers.set("x-metadata", Buffer.from(metadata).toString("base64"));
  }
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
 * Turns lite's answer about a signed URL, or about an object, into that of Supabase
 * Storage. createSignedUrls(), for several, finds no route in lite.
 */
export async function fromLiteResponse(
  request: Request,
  response: Response,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  const translate = request.method === "POST" &&
      /^\/storage\/v1\/object\/(upload\/)?sign\//.test(pathname)
    ? toSignedUrl
    : request.method === "GET" &&
        pathname.startsWith(`${prefix}/object/info/`)
    ? toInfo
    : undefined;
  if (!response.ok || translate === undefined) return response;
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  return Response.json(translate(await response.json()), {
    status: response.status,
    headers,
  });
}

/** The client puts the prefix in front itself. */
// deno-lint-ignore no-explicit-any
function toSignedUrl({ signedUrl, ...answer }: any) {
  const url = signedUrl.replace(prefix, "");
  return { ...answer, url, signedURL: url };
}

/** lite gives the row of the object: supabase/storage, src/storage/renderer/info.ts. */
// deno-lint-ignore no-explicit-any
function toInfo({ metadata, user_metadata, ...row }: any) {
  return {
    id: row.id,
    name: row.name.replaceAll("%3F", "?"),
    version: row.version,
    bucket_id: row.bucket_id,
    size: metadata.size ?? null,
    content_type: metadata.mimetype ?? null,
    cache_control: metadata.cacheControl ?? null,
    etag: metadata.eTag ?? null,
    metadata: user_metadata,
    last_modified: row.updated_at,
    created_at: row.created_at,
  };
}
