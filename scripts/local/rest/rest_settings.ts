import * as z from "zod";

const schema = z.object({
  databaseUrl: z.string(),
  publishableKey: z.string(),
  secretKey: z.string(),
  /** Signs and checks the tokens of users. */
  jwtSecret: z.string(),
  /** Folder for the contents of Storage. */
  objectFolder: z.string(),
  /** Where Studio listens. */
  studioPort: z.number(),
  /** The origin of the stack. */
  siteUrl: z.string(),
  /** How many rows one answer holds at most. */
  maxRows: z.number(),
  /** How many bytes an object may have. */
  fileSizeLimit: z.number(),
});

/** Everything that the REST process needs to know. */
export type RestSettings = z.infer<typeof schema>;

const variable = "PROMPT_PIPELINE_REST_SETTINGS";

/** The environment of the REST process; not arguments, which every user can list. */
export function writeRestSettings(
  settings: RestSettings,
): Record<string, string> {
  return {
    [variable]: JSON.stringify(settings),
    // Read by lite: Storage is behind a flag, and usage is reported unless refused.
    EXPERIMENTAL_STORAGE: "1",
    LITE_TELEMETRY: "0",
    DO_NOT_TRACK: "1",
  };
}

/** Reads what writeRestSettings() wrote. */
export function readRestSettings(env: Record<string, string>): RestSettings {
  return schema.parse(JSON.parse(env[variable] ?? "{}"));
}
