import { createKeySet, type Keys } from "./keys.ts";

/**
 * The environment that hosted Supabase gives to every function, and the switch
 * that lets functions call addresses of this machine.
 */
export function createProjectEnvironment(
  url: string,
  databaseUrl: string,
  keys: Keys,
): Record<string, string> {
  return {
    SUPABASE_URL: url,
    SUPABASE_DB_URL: databaseUrl,
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: keys.secretKey }),
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({
      default: keys.publishableKey,
    }),
    SUPABASE_JWKS: JSON.stringify(createKeySet(keys)),
    PIPELINE_ALLOW_PRIVATE_HOSTS: "true",
  };
}
