import { generateDatabaseTypes, typesPath } from "./database_types.ts";
import type { PartResult } from "./part_result.ts";
import { type CliAnswer, runSupabaseCli } from "./supabase_cli.ts";
import { startTestDatabase } from "./test_database.ts";

/**
 * Lets the official CLI judge the migrations: they deploy, deploying again does
 * nothing, the advisors find nothing, and the committed types are theirs.
 */
export async function runCliTests(): Promise<PartResult> {
  await using database = await startTestDatabase();
  const run = (...args: string[]) => runSupabaseCli(args, database.url);
  const tests: [string, () => Promise<string | undefined>][] = [
    [
      "supabase db push deploys the migrations",
      async () => complaint(await run("db", "push")),
    ],
    [
      "supabase db push finds nothing to do the second time",
      async () => {
        const answer = await run("db", "push");
        return answer.everything.includes("Remote database is up to date")
          ? undefined
          : answer.everything;
      },
    ],
    [
      "supabase db advisors finds no warning",
      async () => complaint(await run("db", "advisors", "--fail-on=warn")),
    ],
    [
      "database.types.ts is what supabase gen types gives",
      async () => {
        const fresh = await generateDatabaseTypes(database.url);
        return fresh === await Deno.readTextFile(typesPath)
          ? undefined
          : "The tables or functions have changed; run: deno task types";
      },
    ],
  ];
  const result: PartResult = { passed: 0, failures: [] };
  for (const [name, test] of tests) {
    const failure = await test();
    console.log(`${name} … ${failure === undefined ? "ok" : "FAILED"}`);
    if (failure === undefined) result.passed++;
    else result.failures.push(`${name}\n  ${failure.replaceAll("\n", "\n  ")}`);
  }
  return result;
}

function complaint({ success, everything }: CliAnswer): string | undefined {
  return success ? undefined : everything;
}
