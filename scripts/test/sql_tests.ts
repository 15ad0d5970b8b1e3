import { glob } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import postgres from "postgres";
import { checkout, supabaseFolder } from "../local/checkout.ts";
import { setUpProjectDatabase } from "../local/project_database.ts";
import { splitStatements } from "../local/statements.ts";
import { addResults, type PartResult } from "./part_result.ts";
import { countTap } from "./tap.ts";
import { createTestDatabase, startTestDatabase } from "./test_database.ts";

/**
 * What `supabase start` and projects made before 2026-05-30 do: everything new in
 * public is open to everyone until the migrations take it back.
 */
const grantsOfOlderProjects = ["tables", "functions", "sequences"].map((kind) =>
  `alter default privileges in schema public
    grant all on ${kind} to anon, authenticated, service_role;`
).join("\n");

/**
 * Runs the *.test.sql files of supabase/tests against a new database, as
 * `supabase test db` does with Docker.
 *
 * @param filter part of a path; other files are left out, but for 00_*, which
 *   prepare the database
 * @param serverUrl a PostgreSQL server with pgTAP, as superuser; by default the
 *   embedded one
 */
export async function runSqlTests(
  filter = "",
  serverUrl?: string,
): Promise<PartResult> {
  const files = await findFiles(filter);
  await using database = serverUrl
    ? await createTestDatabase(serverUrl)
    : await startTestDatabase();
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  await sql.unsafe(grantsOfOlderProjects).simple();
  await setUpProjectDatabase(sql, supabaseFolder, database.skipExtensions);
  await sql`create extension if not exists pgtap with schema extensions`;
  await sql.end();
  const results: PartResult[] = [];
  for (const file of files) {
    const result = await runFile(database.url, file);
    const verdict = result.failures.length ? "FAILED" : "ok";
    console.log(`${relative(checkout, file)} … ${verdict}`);
    results.push(result);
  }
  return addResults(results);
}

async function findFiles(filter: string): Promise<string[]> {
  const pattern = join(supabaseFolder, "tests", "**", "*.test.sql");
  const files = await Array.fromAsync(glob(pattern));
  return files.filter((file) =>
    file.includes(filter) || basename(file).startsWith("00_")
  ).sort();
}

async function runFile(url: string, file: string): Promise<PartResult> {
  const name = relative(checkout, file);
  const output: string[] = [];
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    for (
      const { text } of await splitStatements(await Deno.readTextFile(file))
    ) {
      const rows = await sql.unsafe(text).simple().values();
      output.push(...rows.flat().map(String));
    }
    return countTap(name, output);
  } catch (error) {
    const { message, where } = error as Error & { where?: string };
    return countTap(name, output, where ? `${message}\n  ${where}` : message);
  } finally {
    await sql.end();
  }
}
