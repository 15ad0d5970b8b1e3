import { equal } from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { toDatabasePage } from "../../../scripts/docs/database_page.ts";
import { formatMarkdown } from "../../../scripts/docs/format_markdown.ts";
import { checkout, supabaseFolder } from "../../../scripts/local/checkout.ts";
import { setUpProjectDatabase } from "../../../scripts/local/project_database.ts";
import { startTestDatabase } from "../../../scripts/test/test_database.ts";

Deno.test("docs/reference/database.md is what the database says of itself", async () => {
  await using database = await startTestDatabase();
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  await setUpProjectDatabase(sql, supabaseFolder);
  const page = await formatMarkdown(await toDatabasePage(sql));
  await sql.end();
  equal(
    await Deno.readTextFile(join(checkout, "docs/reference/database.md")),
    page,
    "run: deno run -A scripts/docs/write_database_page.ts",
  );
});
