import * as z from "zod";

const connectionSchema = z.object({
  SUPABASE_URL: z.url(),
  SUPABASE_SECRET_KEY: z.string().min(1),
});

/** How to reach a project as its owner. */
export interface Connection {
  /** Origin of the project's API, without a slash at the end. */
  url: string;
  /** A secret key (`sb_secret_…`), or the service_role key of an older project. */
  secretKey: string;
}

/**
 * Reads SUPABASE_URL and SUPABASE_SECRET_KEY.
 *
 * @throws {TypeError} naming every variable that is missing or malformed
 */
export function readConnection(
  environment: Record<string, string | undefined>,
): Connection {
  const parsed = connectionSchema.safeParse(environment);
  if (!parsed.success) {
    throw new TypeError(
      `Cannot reach a project:\n${
        parsed.error.issues.map(({ path }) => `  ${describe(path[0])}`)
          .join("\n")
      }`,
    );
  }
  const { SUPABASE_URL, SUPABASE_SECRET_KEY } = parsed.data;
  return {
    url: SUPABASE_URL.replace(/\/+$/, ""),
    secretKey: SUPABASE_SECRET_KEY,
  };
}

function describe(name: PropertyKey): string {
  return name === "SUPABASE_URL"
    ? "SUPABASE_URL is not set to the project's URL, and there is no clone whose `deno task dev` is running"
    : "SUPABASE_SECRET_KEY is not set: the dashboard shows it under API keys, `deno task dev` prints it";
}
