import { extractCredentials, verifyCredentials } from "@supabase/server/core";
import type { SupabaseClient } from "@supabase/supabase-js";
import type { Config } from "../config.ts";
import { PipelineError } from "../errors.ts";
import type { Caller } from "../operations/caller.ts";

/**
 * Tells who sends a request: the service, by any secret key of the project or its service_role key,
 * or a signed-in user, by their token.
 *
 * A key may come in `apikey` or as a bearer token, since clients and gateways differ in where they
 * put it, and a good one counts whatever else the request carries. Tokens that cannot be verified
 * here are judged by Auth: those signed with the secret of a project from before signing keys, which
 * functions are not told, and all of them where there is no key set
 * (https://supabase.com/docs/guides/auth/signing-keys).
 *
 * @throws {PipelineError} `unauthorized`, saying why: no key or token, or one that is wrong, forged or
 * expired; `unavailable`: Auth does not answer
 */
export function createAuthenticator(
  { supabaseUrl, secretKeys }: Pick<Config, "supabaseUrl" | "secretKeys">,
  auth: Pick<SupabaseClient["auth"], "getUser">,
): (request: Request) => Promise<Caller> {
  const env = { url: supabaseUrl, secretKeys };
  const verify = (credentials: Parameters<typeof verifyCredentials>[0]) =>
    verifyCredentials(credentials, { auth: ["secret:*", "user"], env });

  return async function authenticate(request) {
    const credentials = extractCredentials(request);
    const { apikey, token } = credentials;
    for (const key of [apikey, token]) {
      const { data } = await verify({ apikey: key, token: null });
      if (data) return { kind: "service" };
    }
    const { data, error } = await verify(credentials);
    if (data) return toCaller(data.jwtClaims ?? {});
    // Keys are no tokens: what @supabase/server says of them is all there is to say.
    if (!token || token.startsWith("sb_")) throw refuse(error.message, error);
    const asked = await auth.getUser(token);
    if (!asked.error) {
      const { id, role, is_anonymous } = asked.data.user;
      return toCaller({ role, sub: id, is_anonymous });
    }
    const { status, message } = asked.error;
    if (status && status < 500) throw refuse(message, asked.error);
    throw new PipelineError(
      "unavailable",
      `Cannot verify the token: Auth does not answer. ${message}`,
      { cause: asked.error },
    );
  };
}

function toCaller(
  { role, sub, is_anonymous }: {
    role?: string;
    sub?: string;
    is_anonymous?: unknown;
  },
): Caller {
  // Gateways of self-hosted projects make such a token from a secret key.
  if (role === "service_role") return { kind: "service" };
  if (role === "authenticated" && sub) {
    return { kind: "user", id: sub, isAnonymous: is_anonymous === true };
  }
  throw refuse("its token is not that of a signed-in user");
}

function refuse(why: string, cause?: unknown): PipelineError {
  return new PipelineError(
    "unauthorized",
    `Cannot accept the request: ${why}`,
    { cause },
  );
}
