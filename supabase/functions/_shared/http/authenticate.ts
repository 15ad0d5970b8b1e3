import { verifyAuth } from "@supabase/server/core";
import { PipelineError } from "../errors.ts";
import type { Caller } from "../operations/caller.ts";

/**
 * Who sends a request: the service, by a secret key in the header `apikey`, or a signed-in user, by
 * the token in the header `authorization`.
 *
 * @throws {PipelineError} `unauthorized`: no key or token, or one that is wrong, forged or expired
 */
export async function authenticate(request: Request): Promise<Caller> {
  const { data, error } = await verifyAuth(request, {
    auth: ["user", "secret:*"],
  });
  if (error && error.status >= 500) throw error;
  if (error) {
    throw new PipelineError(
      "unauthorized",
      `Cannot accept the request: ${error.message}`,
      { cause: error },
    );
  }
  if (data.authMode === "secret") return { kind: "service" };
  const claims: Record<string, unknown> = { ...data.jwtClaims };
  const { role, sub, is_anonymous } = claims;
  // Projects with legacy keys: the service_role key is a token too.
  if (role === "service_role") return { kind: "service" };
  if (role === "authenticated" && typeof sub === "string") {
    return { kind: "user", id: sub, isAnonymous: is_anonymous === true };
  }
  throw new PipelineError(
    "unauthorized",
    "Cannot accept the request: its token is not that of a signed-in user",
  );
}
