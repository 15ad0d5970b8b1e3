import { parseArgs } from "@std/cli/parse-args";
import { runChecks } from "./checks.ts";
import { runCliTests } from "./cli_tests.ts";
import { runDenoTests } from "./deno_tests.ts";
import { addResults, describeResult, type PartResult } from "./part_result.ts";
import { runRuntimeTests } from "./runtime_tests.ts";
import { runSqlTests } from "./sql_tests.ts";

const e2e = "supabase/tests/e2e";

type Part = (filter?: string, databaseUrl?: string) => Promise<PartResult>;

const parts: Record<string, Part> = {
  check: runChecks,
  unit: (filter) =>
    runDenoTests(["scripts", "supabase"], { ignore: [e2e], filter }),
  runtime: runRuntimeTests,
  sql: runSqlTests,
  cli: runCliTests,
  // Most of them wait for a sweep, a lease or a model: three files at a time share two processors.
  e2e: (filter) =>
    runDenoTests([e2e], {
      filter,
      flags: ["--parallel"],
      env: { DENO_JOBS: "3" },
    }),
};

const usage = `deno task test [part] [filter] [--db-url URL]

Parts, run in this order when none is named:
  check    format, lint and types
  unit     *_test.ts; the filter is a part of a test's name
  runtime  the functions' *_test.ts with the Deno of hosted Supabase
  sql      supabase/tests/**/*.test.sql; the filter is a part of a path;
           --db-url takes a server with pgTAP instead of the embedded PostgreSQL 17
  cli      what the Supabase CLI says of the migrations
  e2e      ${e2e}/*_test.ts; the filter is a part of a test's name`;

async function runPart(
  name: string,
  ...args: Parameters<Part>
): Promise<PartResult> {
  console.log(`\n— ${name}`);
  try {
    return await parts[name](...args);
  } catch (error) {
    return { passed: 0, failures: [`${name}: ${(error as Error).message}`] };
  }
}

if (import.meta.main) {
  const flags = parseArgs(Deno.args, {
    string: ["_", "db-url"],
    boolean: ["help"],
  });
  const [name, filter] = flags._ as string[];
  if (flags.help || name !== undefined && !(name in parts)) {
    console.log(usage);
    Deno.exit(flags.help ? 0 : 2);
  }
  const results: PartResult[] = [];
  for (const part of name ? [name] : Object.keys(parts)) {
    results.push(await runPart(part, filter, flags["db-url"]));
  }
  const result = addResults(results);
  console.log(describeResult(result));
  Deno.exit(result.failures.length === 0 ? 0 : 1);
}
