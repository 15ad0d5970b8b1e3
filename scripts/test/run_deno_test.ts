import { checkout } from "../local/checkout.ts";
import { readLines } from "../local/lines.ts";
import { gatherTests } from "./gather_tests.ts";

/** What to run; by default all tests of the paths, with the Deno of this process. */
export interface DenoTestOptions {
  /** Test files. */
  paths: string[];
  /** Part of a test's name; other tests are left out. */
  filter?: string;
  /** Path of the executable. */
  deno?: string;
  /** More options of `deno test`. */
  flags?: string[];
  /** What the tests find in Deno.args. */
  args?: string[];
  env?: Record<string, string>;
  /** Others that want a processor have it first; not on Windows. */
  patient?: boolean;
}

/** How many tests ended how. */
export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Runs `deno test`, shows what it says and counts as it does. */
async function runDenoTest(
  {
    paths,
    filter,
    deno = Deno.execPath(),
    flags = [],
    args = [],
    env,
    patient,
  }: DenoTestOptions,
): Promise<TestCounts> {
  const [program, ...first] = patient && Deno.build.os !== "windows"
    ? ["nice", deno]
    : [deno];
  const child = new Deno.Command(program, {
    args: [
      ...first,
      "test",
      ...flags,
      "--allow-all",
      "--no-check",
      ...filter ? [`--filter=${filter}`] : [],
      ...paths,
      "--",
      ...args,
    ],
    cwd: checkout,
    env,
    stdout: "piped",
  }).spawn();
  let output = "";
  await readLines(child.stdout, (line) => {
    // Whole lines: another one may run beside it.
    console.log(line);
    output += `${line}\n`;
  });
  const { success } = await child.status;
  const counts = readCounts(output);
  return success || counts.failed > 0 ? counts : { ...counts, failed: 1 };
}

/** Tests of one kind. */
export interface TestChoice {
  /** Test files. */
  files?: string[];
  /** Folders with test files. */
  folders?: string[];
  /** Folders inside them that are left out. */
  ignore?: string[];
  /** In one process, where one beside another would disturb what they measure, or takes too much. */
  oneByOne?: boolean;
}

/**
 * Runs tests side by side, in the order of the choices; some of them wait, so that one more at a time
 * than there are processors.
 */
export async function runTests(
  choices: TestChoice[],
  options: Omit<DenoTestOptions, "paths">,
): Promise<TestCounts> {
  const processors = navigator.hardwareConcurrency;
  await using gathered = new AsyncDisposableStack();
  const paths: string[] = [];
  for (const [place, choice] of choices.entries()) {
    const { files = [], folders = [], ignore = [], oneByOne } = choice;
    // More than run at a time, so that none is idle while the longest goes on; few tests are found
    // quicker in one.
    const count = oneByOne || options.filter ? 1 : 3 * processors;
    const { modules } = gathered.use(
      await gatherTests(checkout, folders, ignore, count, place),
    );
    paths.push(...files, ...modules);
  }
  return await runDenoTest({
    ...options,
    paths,
    flags: [...options.flags ?? [], "--parallel"],
    env: { ...options.env, DENO_JOBS: String(processors + 1) },
  });
}

/** Reads the last line of `deno test`, of which a crash leaves nothing. */
export function readCounts(output: string): TestCounts {
  const lines = output.matchAll(/ \| \d+ passed.* \| \d+ failed.*/g);
  const line = [...lines].at(-1)?.[0] ?? "";
  const count = (word: string) =>
    Number(line.match(`(\\d+) ${word}`)?.[1] ?? 0);
  return {
    passed: count("passed"),
    failed: count("failed"),
    skipped: count("ignored"),
  };
}
