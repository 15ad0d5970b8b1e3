import { join } from "node:path";
import { parseEnv } from "node:util";
import { ifPresent } from "./if_present.ts";
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

/** What supabase/functions/.env tells the functions on this machine, as with the Supabase CLI. */
export async function readFunctionSecrets(
  supabaseFolder: string,
): Promise<Record<string, string>> {
  const text = await ifPresent(
    Deno.readTextFile(join(supabaseFolder, "functions", ".env")),
  );
  return text === undefined ? {} : parseEnv(text) as Record<string, string>;
}

/** The names of the keys in functions from before secret and publishable keys. */
export function legacyKeys(keys: Keys): Record<string, string> {
  return {
    SUPABASE_ANON_KEY: keys.publishableKey,
    SUPABASE_SERVICE_ROLE_KEY: keys.secretKey,
  };
}
