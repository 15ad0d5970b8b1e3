import { parseArgs } from "@std/cli/parse-args";
import { startModelSimulator } from "../local/model_simulator.ts";
import {
  findHostedDeno,
  hostedDenoEnv,
  hostedDenoFlags,
} from "./hosted_deno.ts";
import { findMemoryFolder } from "./memory_folder.ts";
import { runTests, type TestChoice, type TestCounts } from "./run_deno_test.ts";

const functions = "supabase/functions";
const e2e = "supabase/tests/e2e";
const slow = "supabase/tests/slow";
const large = "supabase/tests/large";
const sqlTest = "scripts/test/parts/sql_test.ts";
const migrationsTest = "scripts/test/parts/migrations_test.ts";
const releaseTest = "scripts/test/parts/release_test.ts";

/** What is no unit test. */
const elsewhere = [e2e, slow, large, "scripts/test/parts"];

const parts: Record<string, TestChoice & { args?: string[] }> = {
  check: {
    files: [
      "scripts/test/parts/types_test.ts",
      "scripts/test/parts/check_test.ts",
    ],
  },
  e2e: { folders: [e2e] },
  cli: { files: [migrationsTest, "scripts/test/parts/cli_test.ts"] },
  sql: { files: [sqlTest] },
  unit: { folders: ["scripts", "supabase"], ignore: elsewhere },
  scripts: {
    folders: ["scripts", "supabase"],
    ignore: [...elsewhere, functions],
  },
  functions: { folders: [functions] },
  // In one process: others run beside it.
  runtime: { folders: [functions], oneByOne: true },
  slow: { folders: [slow] },
  large: { folders: [large], oneByOne: true },
  release: { files: [releaseTest] },
  postgres15: {
    files: [sqlTest, migrationsTest, releaseTest],
    args: ["--postgres=15"],
  },
};

/** Parts that share lanes. */
interface Group {
  names: string[];
  /** They take what the others leave of the processors. */
  patient?: boolean;
}

/**
 * What runs when no part is named, all side by side. Tests of stacks wait much and have deadlines; what
 * only computes fills the gaps. The functions' own tests run once, with the Deno of hosted Supabase.
 */
const daily: Group[] = [
  { names: ["e2e", "scripts"] },
  { names: ["runtime"] },
  { names: ["check", "cli", "sql"], patient: true },
];

/** What takes longer than one likes to wait after each change. A test is left out by lying in its folder. */
const onlyBeforeReleases = [
  "functions",
  "slow",
  "large",
  "release",
  "postgres15",
];

const usage = `deno task test [part | all] [filter] [--db-url URL]

The filter is a part of a test's name, in sql of a file's path.
Parts, all run when none is named:
  check    format, lint and types
  e2e      ${e2e}/*_test.ts
  cli      what the Supabase CLI says of the migrations, and of the schemas beside them
  sql      supabase/tests/**/*.test.sql;
           --db-url takes a server with pgTAP instead of the embedded PostgreSQL 17
  scripts  *_test.ts of scripts and supabase/tests
  runtime  the functions' *_test.ts with the Deno of hosted Supabase
Run only when they are named, and by "all", which runs everything, as before each release:
  functions  the functions' *_test.ts with this Deno; unit is scripts and functions
  slow     ${slow}/*_test.ts: the package, a deployment, the demo, the pages of docs/how-to,
           tables, sweeps and judgement in the dashboard, runs of thousands of prompts
  large    ${large}/*_test.ts: a million evaluations, an archive of 200 MB, a sweep of
           6,000 answers, a run of deno task chaos, installing into a project that has a history,
           bodies and patterns at their limits, which are timed
  release  what the Supabase CLI says of installing, upgrading and removing
  postgres15  sql and release on PostgreSQL 15`;

const flags = parseArgs(Deno.args, {
  string: ["_", "db-url"],
  boolean: ["help"],
});
const [name, filter] = flags._ as string[];
/** One after the other, of each the groups side by side. */
const chosen: Group[][] = name === undefined
  ? [daily]
  : name === "all"
  ? [daily, ...onlyBeforeReleases.map((part) => [{ names: [part] }])]
  : [[{ names: [name] }]];
const namesOf = (groups: Group[]) => groups.flatMap(({ names }) => names);
if (flags.help || namesOf(chosen.flat()).some((part) => !(part in parts))) {
  console.log(usage);
  Deno.exit(flags.help ? 0 : 2);
}
const memoryFolder = await findMemoryFolder();
const total: TestCounts = { passed: 0, failed: 0, skipped: 0 };
for (const groups of chosen) {
  console.log(`\n— ${namesOf(groups).join(", ")}`);
  const counts = await Promise.all(
    groups.map((group) =>
      run(group).catch((error) => {
        console.error(`FAILED ${group.names}: ${error.message}`);
        return { passed: 0, failed: 1, skipped: 0 };
      })
    ),
  );
  for (const { passed, failed, skipped } of counts) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
}
const skipped = total.skipped ? `, ${total.skipped} skipped` : "";
console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
if (name === undefined) {
  const left = onlyBeforeReleases.join(", ");
  console.log(`Left out: ${left}. deno task test all runs them, too`);
}
Deno.exit(total.failed === 0 ? 0 : 1);

function run({ names, patient }: Group): Promise<TestCounts> {
  const choices = names.map((name) => parts[name]);
  if (names.includes("runtime")) return runInHostedDeno(choices);
  const databaseUrl = flags["db-url"];
  const args = choices.flatMap(({ args = [] }) => args);
  if (databaseUrl) args.push(`--db-url=${databaseUrl}`);
  // A million evaluations are too much for memory.
  const env = memoryFolder && !names.includes("large")
    ? { PIPELINE_TEMPORARY_FOLDER: memoryFolder }
    : undefined;
  return runTests(choices, { filter, args, patient, env });
}

async function runInHostedDeno(choices: TestChoice[]): Promise<TestCounts> {
  // It runs in this Deno: the node:http of the hosted one cannot break a
  // connection, so that a test of that would wait for ever.
  const simulator = await startModelSimulator();
  try {
    return await runTests(choices, {
      filter,
      deno: await findHostedDeno(),
      flags: hostedDenoFlags,
      env: hostedDenoEnv,
      args: [`--simulator=${simulator.url}`],
    });
  } finally {
    await simulator.stop();
  }
}
