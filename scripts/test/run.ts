import { parseArgs } from "@std/cli/parse-args";
import { startModelSimulator } from "../local/model_simulator.ts";
import {
  findHostedDeno,
  hostedDenoEnv,
  hostedDenoFlags,
} from "./hosted_deno.ts";
import {
  runDenoTest,
  runGatheredTests,
  type TestCounts,
} from "./run_deno_test.ts";

const e2e = "supabase/tests/e2e";
const large = "supabase/tests/large";

type Part = (filter?: string, databaseUrl?: string) => Promise<TestCounts>;

const parts: Record<string, Part> = {
  check: (filter) =>
    runDenoTest({ paths: ["scripts/test/parts/check_test.ts"], filter }),
  unit: (filter) =>
    runGatheredTests(["scripts", "supabase"], [
      e2e,
      large,
      "scripts/test/parts",
    ], {
      filter,
    }),
  runtime: async (filter) => {
    // It runs in this Deno: the node:http of the hosted one cannot break a
    // connection, so that a test of that would wait for ever.
    const simulator = await startModelSimulator();
    try {
      return await runGatheredTests(["supabase/functions"], [], {
        filter,
        deno: await findHostedDeno(),
        flags: hostedDenoFlags,
        env: hostedDenoEnv,
        args: [`--simulator=${simulator.url}`],
      });
    } finally {
      await simulator.stop();
    }
  },
  sql: (filter, databaseUrl) =>
    runDenoTest({
      paths: ["scripts/test/parts/sql_test.ts"],
      filter,
      args: databaseUrl ? [`--db-url=${databaseUrl}`] : [],
    }),
  cli: (filter) =>
    runDenoTest({
      paths: [
        "scripts/test/parts/cli_test.ts",
        "scripts/test/parts/release_test.ts",
      ],
      filter,
    }),
  // Most of them wait for maintenance, a lease or a model: three files at a time keep two processors busy.
  e2e: (filter) =>
    runDenoTest({
      paths: [e2e],
      filter,
      flags: ["--parallel"],
      env: { DENO_JOBS: "3" },
    }),
  large: (filter) => runDenoTest({ paths: [large], filter }),
  postgres15: (filter) =>
    runDenoTest({
      paths: [
        "scripts/test/parts/sql_test.ts",
        "scripts/test/parts/release_test.ts",
      ],
      filter,
      args: ["--postgres=15"],
    }),
};

/** What takes longer than one likes to wait after each change. */
const onlyBeforeReleases = ["large", "postgres15"];

const usage = `deno task test [part | all] [filter] [--db-url URL]

The filter is a part of a test's name, in sql of a file's path.
Parts, run in this order when none is named:
  check    format, lint and types
  unit     *_test.ts
  runtime  the functions' *_test.ts with the Deno of hosted Supabase
  sql      supabase/tests/**/*.test.sql;
           --db-url takes a server with pgTAP instead of the embedded PostgreSQL 17
  cli      what the Supabase CLI says of the migrations, of installing, upgrading and removing
  e2e      ${e2e}/*_test.ts
Run only when it is named, and by "all", which runs everything, as before each release:
  large    ${large}/*_test.ts: a million evaluations, an archive of 200 MB
  postgres15  sql, installing, upgrading and removing on PostgreSQL 15`;

const flags = parseArgs(Deno.args, {
  string: ["_", "db-url"],
  boolean: ["help"],
});
const [name, filter] = flags._ as string[];
const chosen = name === "all"
  ? Object.keys(parts)
  : name === undefined
  ? Object.keys(parts).filter((part) => !onlyBeforeReleases.includes(part))
  : [name];
if (flags.help || chosen.some((part) => !(part in parts))) {
  console.log(usage);
  Deno.exit(flags.help ? 0 : 2);
}
const total: TestCounts = { passed: 0, failed: 0, skipped: 0 };
for (const part of chosen) {
  console.log(`\n— ${part}`);
  const counts = await parts[part](filter, flags["db-url"]).catch((error) => {
    console.error(`FAILED ${part}: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  });
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
}
const skipped = total.skipped ? `, ${total.skipped} skipped` : "";
console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
Deno.exit(total.failed === 0 ? 0 : 1);
