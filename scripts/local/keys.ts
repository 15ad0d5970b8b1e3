import { join } from "node:path";
import { generateApiKey } from "@supabase/lite";
import { base64url, SignJWT } from "jose";
import { z } from "zod";

const schema = z.object({
  publishableKey: z.string(),
  secretKey: z.string(),
  jwtSecret: z.string(),
});

/** The keys of one stack, as a hosted project has them. */
export type Keys = z.infer<typeof schema>;

/** Names the one signing key in tokens and in the key set. */
const keyId = "local";

/** Reads the keys of a data folder, making them for a new one. */
export async function readOrCreateKeys(folder: string): Promise<Keys> {
  const path = join(folder, "keys.json");
  try {
    return schema.parse(JSON.parse(await Deno.readTextFile(path)));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const keys = await createKeys();
  await Deno.writeTextFile(path, JSON.stringify(keys), { mode: 0o600 });
  return keys;
}

/** Makes new random keys. */
export async function createKeys(): Promise<Keys> {
  return {
    publishableKey: (await generateApiKey("publishable")).key,
    secretKey: (await generateApiKey("secret")).key,
    jwtSecret: base64url.encode(crypto.getRandomValues(new Uint8Array(32))),
  };
}

/**
 * Signs the token of a signed-in user, valid for an hour. It names its key,
 * which tokens of lite's Auth do not: @supabase/server refuses those.
 *
 * @param issuer the URL of Auth
 * @param claims more claims, or others instead of those set here
 */
export function signUserToken(
  keys: Keys,
  issuer: string,
  userId: string,
  claims: Record<string, unknown> = {},
): Promise<string> {
  return new SignJWT({
    sub: userId,
    role: "authenticated",
    aud: "authenticated",
    ...claims,
  })
    .setProtectedHeader({ alg: "HS256", typ: "JWT", kid: keyId })
    .setIssuer(issuer)
    .setIssuedAt()
    .setExpirationTime(claims.exp as number | undefined ?? "1h")
    .sign(new TextEncoder().encode(keys.jwtSecret));
}

/** The key set for SUPABASE_JWKS, which checks the tokens above. */
export function createKeySet(keys: Keys): { keys: Record<string, string>[] } {
  return {
    keys: [{
      kty: "oct",
      alg: "HS256",
      kid: keyId,
      k: base64url.encode(keys.jwtSecret),
    }],
  };
}
