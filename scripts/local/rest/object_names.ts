const objectPath = /^\/storage\/v1\/object\/(?:upload\/sign\/)?[^/]+\/(.+)$/;

/** No letter beyond ASCII, and few signs. */
const validName = /^[\w/!.*'() &$=@;:+,?-]+$/;

/**
 * Refuses to upload under a name that Supabase Storage refuses; lite 0.10.0
 * takes every name.
 *
 * @returns undefined for any other request
 */
export function refuseObjectName(request: Request): Response | undefined {
  if (request.method !== "POST" && request.method !== "PUT") return undefined;
  const [, path] = objectPath.exec(new URL(request.url).pathname) ?? [];
  if (path === undefined) return undefined;
  const name = decodeURIComponent(path);
  if (validName.test(name)) return undefined;
  return Response.json({
    statusCode: "400",
    error: "InvalidKey",
    message: `Invalid key: ${name}`,
  }, { status: 400, headers: { "access-control-allow-origin": "*" } });
}
