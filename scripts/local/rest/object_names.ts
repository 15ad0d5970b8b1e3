const objectPath =
  /^\/storage\/v1\/object\/(?:upload\/sign\/)?([^/]+)(?:\/(.+))?$/;

/** No letter beyond ASCII, and few signs: supabase/storage, src/storage/limits.ts. */
const validName = /^[\w/!.*'() &$=@;:+,?-]+$/;

/**
 * Refuses to upload, copy or move an object to a name that Supabase Storage refuses;
 * lite 0.10.0 takes every name.
 *
 * @returns undefined for any other request
 */
export async function refuseObjectName(
  request: Request,
): Promise<Response | undefined> {
  if (request.method !== "POST" && request.method !== "PUT") return undefined;
  const [, bucket, path] = objectPath.exec(new URL(request.url).pathname) ?? [];
  const name = bucket === "copy" || bucket === "move"
    ? await readDestination(request)
    : path && decodeURIComponent(path);
  if (name === undefined || validName.test(name)) return undefined;
  return Response.json({
    statusCode: "400",
    error: "InvalidKey",
    message: `Invalid key: ${name}`,
  }, { status: 400, headers: { "access-control-allow-origin": "*" } });
}

async function readDestination(request: Request): Promise<string | undefined> {
  const body = await request.clone().json().catch(() => undefined);
  return typeof body?.destinationKey === "string"
    ? body.destinationKey
    : undefined;
}
