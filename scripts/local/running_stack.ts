import { dirname } from "node:path";
import { parseEnv } from "node:util";
import { isAlive } from "./is_alive.ts";
import { readFolders } from "./folders.ts";
import type { Stack } from "./stack.ts";

/** Whoever wrote the file; without it the stack has ended without removing it. */
const PROCESS = "PROMPT_PIPELINE_PID";

/**
 * Writes down how to reach a stack, as `supabase status -o env` prints it, where
 * the command line of this clone looks. Only its owner can read the file.
 */
export async function announceStack(
  { url, secretKey, publishableKey, databaseUrl }: Stack,
  file: string = readFolders().running,
): Promise<{ file: string; retract(): Promise<void> }> {
  const variables = {
    SUPABASE_URL: url,
    SUPABASE_SECRET_KEY: secretKey,
    SUPABASE_PUBLISHABLE_KEY: publishableKey,
    SUPABASE_DB_URL: databaseUrl,
    // The models of a local project may be local as well.
    PIPELINE_ALLOW_PRIVATE_HOSTS: "true",
    [PROCESS]: String(Deno.pid),
  };
  const text = Object.entries(variables).map(([name, value]) =>
    `${name}=${value}\n`
  ).join("");
  await Deno.mkdir(dirname(file), { recursive: true });
  await Deno.writeTextFile(file, text, { mode: 0o600 });
  return {
    file,
    async retract() {
      // Another stack of this clone may have been started since.
      if (readRunningStack(file)?.[PROCESS] === String(Deno.pid)) {
        await Deno.remove(file);
      }
    },
  };
}

/** The environment that reaches the running stack of this clone; undefined: none is running. */
export function readRunningStack(
  file: string = readFolders().running,
): Record<string, string> | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const environment = parseEnv(text) as Record<string, string>;
  return isAlive(Number(environment[PROCESS])) ? environment : undefined;
}
