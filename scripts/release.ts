// Freezes a version: writes its number, its migration, its checksums and its names.
import { release } from "./release/release.ts";
import { readVersion } from "./release/version.ts";

const usage = `deno task release VERSION

Writes the version into deno.json, its migration, checksums and names into
supabase/releases, and a heading into CHANGELOG.md. Before that it proves that
the migrations and supabase/schemas give the same database, and that functions
of the release before are served. Run "deno task test all" first; what it has
written is yours to look at and commit.`;

const [version] = Deno.args;
if (Deno.args.length !== 1 || version.startsWith("-")) {
  console.log(`${usage}\n\nThis clone is ${await readVersion()}.`);
  Deno.exit(version === "--help" ? 0 : 2);
}
try {
  for (const line of await release(version, new Date())) console.log(line);
} catch (error) {
  console.error((error as Error).message);
  Deno.exit(1);
}
