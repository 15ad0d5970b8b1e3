import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "../local/checkout.ts";
import type { PartResult } from "./part_result.ts";

/** How to run tests; by default all, with the Deno of this process. */
export interface DenoTestOptions {
  ignore?: string[];
  /** Part of a test's name; other tests are left out. */
  filter?: string;
  /** Path of the executable. */
  deno?: string;
  /** More options of `deno test`. */
  flags?: string[];
  /** What the tests find in Deno.args. */
  args?: string[];
  env?: Record<string, string>;
}

/** Runs `deno test` over the given paths and counts its tests. */
export async function runDenoTests(
  paths: string[],
  options: DenoTestOptions = {},
): Promise<PartResult> {
  // deno test takes a missing folder for a mistake.
  const present = paths.filter((path) => existsSync(join(checkout, path)));
  if (present.length === 0) return { passed: 0, failures: [] };
  const folder = await Deno.makeTempDir();
  const report = join(folder, "junit.xml");
  try {
    const { success } = await new Deno.Command(
      options.deno ?? Deno.execPath(),
      {
        args: [
          "test",
          ...options.flags ?? [],
          "--allow-all",
          "--no-check",
          "--permit-no-files",
          `--junit-path=${report}`,
          ...options.ignore ? [`--ignore=${options.ignore.join(",")}`] : [],
          ...options.filter ? [`--filter=${options.filter}`] : [],
          ...present,
          "--",
          ...options.args ?? [],
        ],
        cwd: checkout,
        env: options.env,
        stdout: "inherit",
        stderr: "inherit",
      },
    ).spawn().status;
    const result = readJunit(await Deno.readTextFile(report).catch(() => ""));
    if (!success && result.failures.length === 0) {
      result.failures.push(`deno test ${paths.join(" ")}: it crashed`);
    }
    return result;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Counts the tests in a report that `deno test --junit-path` wrote. */
export function readJunit(xml: string): PartResult {
  const cases = [...xml.matchAll(
    /<testcase name="([^"]*)" classname="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs,
  )];
  const failed = cases.filter(([, , , content]) =>
    content?.includes("<failure") || content?.includes("<error")
  );
  const skipped = cases.filter(([, , , content]) =>
    content?.includes("<skipped")
  );
  return {
    passed: cases.length - failed.length - skipped.length,
    failures: failed.map(([, name, file]) => unescape(`${file}: ${name}`)),
  };
}

function unescape(text: string): string {
  return text.replaceAll("&quot;", '"').replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">").replaceAll("&apos;", "'").replaceAll("&amp;", "&");
}
