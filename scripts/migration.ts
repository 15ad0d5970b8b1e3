// Writes supabase/migrations from supabase/schemas, and of these what comes from code.
import { supabaseFolder } from "./local/checkout.ts";
import { writeKnownEvaluators } from "./migration/known_evaluators.ts";
import { writeMigrations } from "./migration/write_migrations.ts";

await writeKnownEvaluators(supabaseFolder);
for (const { path } of await writeMigrations(supabaseFolder)) console.log(path);
