import { glob } from "node:fs/promises";
import { join, relative } from "node:path";
import postgres from "postgres";
import { checkout, supabaseFolder } from "../local/checkout.ts";
import { openStackFolder } from "../local/data_folder.ts";
import { startEmbeddedDatabase } from "../local/embedded_database.ts";
import { setUpProjectDatabase } from "../local/project_database.ts";
import { splitStatements } from "../local/statements.ts";
import { addResults, type PartResult } from "./part_result.ts";
import { countTap } from "./tap.ts";

/**
 * Runs the *.test.sql files of supabase/tests against a new database, as
 * `supabase test db` does with Docker.
 *
 * @param filter part of a path; other files are left out
 */
export async function runSqlTests(filter = ""): Promise<PartResult> {
  const files = await findFiles(filter);
  await using cleanup = new AsyncDisposableStack();
  const folder = await openStackFolder();
  cleanup.defer(folder.release);
  const database = await startEmbeddedDatabase({
    folder: folder.path,
    durable: false,
    port: 0,
    log: console.error,
  });
  cleanup.defer(database.stop);

  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  await setUpProjectDatabase(sql, supabaseFolder);
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
  return files.filter((file) => file.includes(filter)).sort();
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
