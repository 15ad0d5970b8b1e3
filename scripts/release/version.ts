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

/** The version that one which is being worked on will be: 1.1.0 of 1.1.0-dev. */
export function releasedAs(version: string): string {
  return version.replace(/-.*$/, "");
}

/** Below 0 when the first is older; what stands behind a "-" counts for nothing, as in SQL. */
export function compareVersions(one: string, other: string): number {
  const [these, those] = [one, other].map((version) =>
    releasedAs(version).split(".").map(Number)
  );
  const place = these.findIndex((number, index) => number !== those[index]);
  return place < 0 ? 0 : these[place] - those[place];
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
