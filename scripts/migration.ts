// Writes all that comes from supabase/schemas and the version in deno.json: supabase/manifest.json,
// supabase/migrations and the version of the Edge Functions; and of the schemas what comes from code.
import { writeKnownEvaluators } from "./release/known_evaluators.ts";
import { writeManifest } from "./release/manifest.ts";
import { thisSource } from "./release/source.ts";
import { functionVersionPath, toFunctionVersion } from "./release/version.ts";
import { writeMigrations } from "./release/write_migrations.ts";

const source = await thisSource();
await Deno.writeTextFile(
  functionVersionPath,
  toFunctionVersion(source.version),
);
await writeKnownEvaluators(source.supabaseFolder);
await writeManifest(source);
for (const { path } of await writeMigrations(source)) console.log(path);
