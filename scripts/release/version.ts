import { join } from "node:path";
import { checkout, supabaseFolder } from "../local/checkout.ts";

/**
 * The version of this clone: "version" in deno.json, the one place where it is written. One with a
 * "-" is being worked on and was never released.
 */
export async function readVersion(): Promise<string> {
  const { version } = JSON.parse(
    await Deno.readTextFile(join(checkout, "deno.json")),
  );
  return version;
}

/** What Edge Functions know of their version: they are deployed without deno.json. */
export const functionVersionPath: string = join(
  supabaseFolder,
  "functions",
  "_shared",
  "version.ts",
);

export function toFunctionVersion(version: string): string {
  return `// Written by \`deno task migration\` from deno.json.

/** The version of these functions; the database says which it serves. */
export const VERSION = "${version}";
`;
}
