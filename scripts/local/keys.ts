import { join } from "node:path";
import { generateApiKey } from "@supabase/lite";
import { base64url } from "jose";
import * as z from "zod";
import { ifPresent } from "./if_present.ts";
import { signingKeyId, signNamed } from "./rest/signing_key_name.ts";

const schema = z.object({
  publishableKey: z.string(),
  secretKey: z.string(),
  jwtSecret: z.string(),
});

/** The keys of one stack, as a hosted project has them. */
export type Keys = z.infer<typeof schema>;

/** Reads the keys of a data folder, making them for a new one. */
export async function readOrCreateKeys(folder: string): Promise<Keys> {
  const path = join(folder, "keys.json");
  const kept = await ifPresent(Deno.readTextFile(path));
  if (kept !== undefined) return schema.parse(JSON.parse(kept));
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
  const now = Math.floor(Date.now() / 1_000);
  return signNamed({
    sub: userId,
    role: "authenticated",
    aud: "authenticated",
    iss: issuer,
    iat: now,
    exp: now + 3_600,
    ...claims,
  }, new TextEncoder().encode(keys.jwtSecret));
}

/** The key set for SUPABASE_JWKS, which checks the tokens above. */
export function createKeySet(keys: Keys): { keys: Record<string, string>[] } {
  return {
    keys: [{
      kty: "oct",
      alg: "HS256",
      kid: signingKeyId,
      k: base64url.encode(keys.jwtSecret),
    }],
  };
}
