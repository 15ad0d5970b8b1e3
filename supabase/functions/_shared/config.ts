import { z } from "zod";
import { LOG_LEVELS } from "./log.ts";

const flag = z.enum(["true", "false"]).default("false").transform((value) =>
  value === "true"
);

const environmentSchema = z.object({
  SUPABASE_URL: z.url(),
  SUPABASE_SECRET_KEYS: z.string().optional(),
  SUPABASE_SERVICE_ROLE_KEY: z.string().optional(),
  WORKER_SECONDS: z.coerce.number().min(5).max(390).default(50),
  PIPELINE_ALLOW_PRIVATE_HOSTS: flag,
  PIPELINE_LOG_LEVEL: z.enum(LOG_LEVELS).default("info"),
}).transform((environment, context) => {
  const secretKey = defaultKey(environment.SUPABASE_SECRET_KEYS) ??
    environment.SUPABASE_SERVICE_ROLE_KEY;
  if (!secretKey) {
    context.addIssue({
      code: "custom",
      path: ["SUPABASE_SECRET_KEYS"],
      message:
        'has no key "default", and SUPABASE_SERVICE_ROLE_KEY is not set either',
    });
    return z.NEVER;
  }
  return {
    supabaseUrl: environment.SUPABASE_URL.replace(/\/+$/, ""),
    secretKey,
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

function defaultKey(keys: string | undefined): string | undefined {
  if (!keys) return undefined;
  try {
    return JSON.parse(keys).default;
  } catch {
    return undefined;
  }
}
