import * as z from "zod";
import { LOG_LEVELS } from "./log.ts";

const flag = z.enum(["true", "false"]).default("false").transform((value) =>
  value === "true"
);

/** A variable that does not hold keys is one without keys: the legacy key may still do. */
const keysSchema = z.string()
  .transform((text, context) => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue("not JSON");
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string(), z.string().min(1)))
  .catch({});

const environmentSchema = z.object({
  SUPABASE_URL: z.url(),
  SUPABASE_PUBLIC_URL: z.url().optional(),
  SUPABASE_SECRET_KEYS: z.string().optional(),
  SUPABASE_SERVICE_ROLE_KEY: z.string().optional(),
  WORKER_SECONDS: z.coerce.number().min(5).max(390).default(50),
  PIPELINE_ALLOW_PRIVATE_HOSTS: flag,
  PIPELINE_LOG_LEVEL: z.enum(LOG_LEVELS).default("info"),
}).transform((environment, context) => {
  const secretKeys = readSecretKeys(environment);
  const keyName = "default" in secretKeys
    ? "default"
    : Object.keys(secretKeys)[0];
  if (keyName === undefined) {
    context.addIssue({
      code: "custom",
      path: ["SUPABASE_SECRET_KEYS"],
      message: "has no key, and SUPABASE_SERVICE_ROLE_KEY is not set either",
    });
    return z.NEVER;
  }
  const supabaseUrl = environment.SUPABASE_URL.replace(/\/+$/, "");
  return {
    supabaseUrl,
    publicUrl: environment.SUPABASE_PUBLIC_URL?.replace(/\/+$/, ""),
    secretKeys,
    keyName,
    secretKey: secretKeys[keyName],
    workerSeconds: environment.WORKER_SECONDS,
    allowPrivateHosts: environment.PIPELINE_ALLOW_PRIVATE_HOSTS,
    logLevel: environment.PIPELINE_LOG_LEVEL,
  };
});

/** What a function knows about the project it runs in. */
export type Config = Readonly<z.infer<typeof environmentSchema>>;

/**
 * Reads the environment of an Edge Function; the only place that does.
 *
 * Calls go out with the secret key called default, or else the first one, or else the service_role
 * key: https://supabase.com/docs/guides/functions/secrets. `SUPABASE_PUBLIC_URL` is what others know
 * the project by where `SUPABASE_URL` names an inner gateway.
 *
 * `WORKER_SECONDS` (default 50) is how long one worker goes on claiming: 50 on the Free plan, up to
 * 140 on paid ones. `PIPELINE_ALLOW_PRIVATE_HOSTS=true` lets model calls reach private addresses
 * and plain http, for local use only. `PIPELINE_LOG_LEVEL` (default info) is from where on events are
 * logged: debug, info, warn, error or off.
 *
 * @throws {TypeError} naming every variable that is missing or malformed.
 */
export function readConfig(environment: Record<string, string>): Config {
  const config = environmentSchema.safeParse(environment);
  if (config.success) return Object.freeze(config.data);
  throw new TypeError(
    `Cannot read the environment:\n${z.prettifyError(config.error)}`,
  );
}

/** By name; the key of projects from before secret keys is called service_role, and comes last. */
function readSecretKeys(
  { SUPABASE_SECRET_KEYS, SUPABASE_SERVICE_ROLE_KEY }: {
    SUPABASE_SECRET_KEYS?: string;
    SUPABASE_SERVICE_ROLE_KEY?: string;
  },
): Record<string, string> {
  const named = keysSchema.parse(SUPABASE_SECRET_KEYS);
  return SUPABASE_SERVICE_ROLE_KEY
    ? { ...named, service_role: SUPABASE_SERVICE_ROLE_KEY }
    : named;
}
