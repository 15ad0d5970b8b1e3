import {
  decodeProtectedHeader,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from "jose";

/** Names the one signing key of a stack, in tokens and in SUPABASE_JWKS. */
export const signingKeyId = "local";

/**
 * Signs the access token in an answer of Auth anew, with the name of its key:
 * lite 0.10.0 leaves the name out, and @supabase/server refuses such a token.
 * Any other answer stays as it is.
 */
export async function nameSigningKey(
  response: Response,
  jwtSecret: string,
): Promise<Response> {
  const type = response.headers.get("content-type") ?? "";
  if (!response.ok || !type.includes("application/json")) return response;
  const answer = await response.json();
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  if (isUnnamed(answer?.access_token)) {
    const secret = new TextEncoder().encode(jwtSecret);
    const { payload } = await jwtVerify(answer.access_token, secret);
    answer.access_token = await signNamed(payload, secret);
  }
  return Response.json(answer, { status: response.status, headers });
}

/** Signs claims with the key of a stack, naming it. */
export function signNamed(
  claims: JWTPayload,
  secret: Uint8Array,
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", typ: "JWT", kid: signingKeyId })
    .sign(secret);
}

function isUnnamed(token: unknown): token is string {
  return typeof token === "string" &&
    decodeProtectedHeader(token).kid === undefined;
}
