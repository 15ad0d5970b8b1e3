// Writes supabase/migrations from supabase/schemas.
import { writeMigrations } from "./migration/write_migrations.ts";
import { supabaseFolder } from "./local/checkout.ts";

for (const { path } of await writeMigrations(supabaseFolder)) console.log(path);
