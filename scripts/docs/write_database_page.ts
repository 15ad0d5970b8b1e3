// Writes docs/reference/database.md from a database that has the migrations.

import postgres from "postgres";
import { supabaseFolder } from "../local/checkout.ts";
import { setUpProjectDatabase } from "../local/project_database.ts";
import { startTestDatabase } from "../test/test_database.ts";
import { toDatabasePage } from "./database_page.ts";
import { formatMarkdown } from "./format_markdown.ts";

await using database = await startTestDatabase();
const sql = postgres(database.url, { max: 1, onnotice: () => {} });
await setUpProjectDatabase(sql, supabaseFolder);
const page = await toDatabasePage(sql);
await sql.end();
await Deno.writeTextFile(
  new URL("../../docs/reference/database.md", import.meta.url),
  await formatMarkdown(page),
);
