import { parseArgs } from "@std/cli/parse-args";
import { cpus } from "node:os";
import { formatText } from "../docs/format_text.ts";
import { toBenchmarksPage, toCells } from "./benchmarks_page.ts";
import { measureCompare } from "./compare.ts";
import { measureEvaluate } from "./evaluate.ts";
import { measureExecute } from "./execute.ts";
import { measureExtract } from "./extract.ts";
import { measureJudges } from "./judges.ts";
import { measureLabels } from "./labels.ts";
import { measureLimits } from "./limits.ts";
import type { Benchmark, Measurement } from "./measurement.ts";
import { measurePromptfoo } from "./promptfoo.ts";
import { measureQueue } from "./queue.ts";
import { measureScale } from "./scale.ts";
import { measureStore } from "./store.ts";
import { measureTable } from "./table.ts";
import { measureTenants } from "./tenants.ts";
import { measureView } from "./view.ts";
import { measureWake } from "./wake.ts";
import { measureWatch } from "./watch.ts";

const BENCHMARKS: Record<string, Benchmark> = {
  execute: measureExecute,
  limits: measureLimits,
  tenants: measureTenants,
  wake: measureWake,
  queue: measureQueue,
  extract: measureExtract,
  table: measureTable,
  watch: measureWatch,
  store: measureStore,
  evaluate: measureEvaluate,
  judges: measureJudges,
  compare: measureCompare,
  labels: measureLabels,
  view: measureView,
  scale: measureScale,
  promptfoo: measurePromptfoo,
};

const USAGE = `Usage: deno task bench [name…] [--json] [--write]

Benchmarks: ${Object.keys(BENCHMARKS).join(", ")}; without a name all of them.
scale takes about half an hour and 8 GB of disk.
"limit" is what a bare loop, the machine or promptfoo reached in the same run; "ratio" is value
against limit. promptfoo is compared with when it is installed: in PATH, or where PROMPTFOO says.

--json prints one object per line, --write writes the figures to docs/benchmarks.md, but
for those of promptfoo; what other benchmarks found stays there.

  deno task bench queue
  deno task bench execute wake --json`;

function toLine([name, value, unit, limit, ratio, goal]: string[]): string {
  return [
    name.padEnd(76),
    value.padStart(11),
    unit.padEnd(12),
    limit.padStart(11),
    ratio.padStart(6),
    goal,
  ].join("  ").trimEnd();
}

const args = parseArgs(Deno.args, { boolean: ["json", "write", "help"] });
const unknown = args._.find((name: unknown) => !(String(name) in BENCHMARKS));
if (args.help || unknown !== undefined) {
  console.error(
    unknown === undefined
      ? USAGE
      : `Unknown benchmark "${unknown}"\n\n${USAGE}`,
  );
  Deno.exit(args.help ? 0 : 2);
}
const names = args._.length > 0 ? args._.map(String) : Object.keys(BENCHMARKS);
if (!args.json) {
  console.log(toLine(["name", "value", "unit", "limit", "ratio", "goal"]));
}
const measurements: Measurement[] = [];
let isWhole = true;
for (const name of names) {
  try {
    for await (const measurement of BENCHMARKS[name]()) {
      measurements.push(measurement);
      console.log(
        args.json ? JSON.stringify(measurement) : toLine(toCells(measurement)),
      );
    }
  } catch (error) {
    // What was measured is written all the same.
    console.error(`${name}:`, error);
    isWhole = false;
  }
}
if (args.write) {
  const page = new URL("../../docs/benchmarks.md", import.meta.url);
  await Deno.writeTextFile(
    page,
    await formatText(
      toBenchmarksPage(
        measurements,
        {
          processors: `${cpus().length} × ${cpus()[0].model}`,
          memoryGb: Deno.systemMemoryInfo().total / 2 ** 30,
          system: `${Deno.build.os} ${Deno.build.arch}`,
          deno: Deno.version.deno,
        },
        new Date().toISOString().slice(0, 10),
        {
          page: await Deno.readTextFile(page),
          order: Object.keys(BENCHMARKS),
        },
      ),
      "md",
    ),
  );
}
if (!isWhole) Deno.exit(1);
