import { Buffer } from "node:buffer";

/**
 * Whether everybody may see a key: a publishable one, or the anon key of an older project, a JWT whose
 * role is "anon" (https://supabase.com/docs/guides/api/api-keys).
 */
export function isPublishable(key: string): boolean {
  return key.startsWith("sb_publishable_") || toRole(key) === "anon";
}

/** The role of a key that is a JWT; undefined: it is none. */
function toRole(key: string): unknown {
  const [, payload] = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(key) ?? [];
  if (payload === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(payload, "base64url").toString())?.role;
  } catch {
    return undefined;
  }
}
