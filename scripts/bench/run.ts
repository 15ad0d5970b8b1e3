import { parseArgs } from "@std/cli/parse-args";
import { measureEvaluate } from "./evaluate.ts";
import { measureExecute } from "./execute.ts";
import { measureExtract } from "./extract.ts";
import type { Benchmark, Measurement } from "./measurement.ts";
import { measureQueue } from "./queue.ts";
import { measureStore } from "./store.ts";
import { measureWake } from "./wake.ts";

const BENCHMARKS: Record<string, Benchmark> = {
  execute: measureExecute,
  wake: measureWake,
  queue: measureQueue,
  extract: measureExtract,
  store: measureStore,
  evaluate: measureEvaluate,
};

const USAGE = `Usage: deno task bench [name…] [--json]

Benchmarks: ${Object.keys(BENCHMARKS).join(", ")}; without a name all of them.
"limit" is what a bare loop or the machine reached in the same run; "ratio" is value against limit.

  deno task bench queue
  deno task bench execute wake --json`;

function toRow(measurement: Measurement): string {
  const { name, value, unit, limit, ratio, goal } = measurement;
  return [
    name.padEnd(58),
    formatNumber(value).padStart(11),
    unit.padEnd(12),
    (limit === undefined ? "" : formatNumber(limit)).padStart(11),
    (ratio === undefined ? "" : ratio.toFixed(2)).padStart(6),
    goal ?? "",
  ].join("  ").trimEnd();
}

function formatNumber(value: number): string {
  return value.toLocaleString("en", {
    maximumFractionDigits: Math.abs(value) < 100 ? 2 : 0,
  });
}

const args = parseArgs(Deno.args, { boolean: ["json", "help"] });
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
  console.log(
    toRow({ name: "name", value: NaN, unit: "unit" })
      .replace("NaN", "value").concat("        limit   ratio  goal"),
  );
}
for (const name of names) {
  for await (const measurement of BENCHMARKS[name]()) {
    console.log(args.json ? JSON.stringify(measurement) : toRow(measurement));
  }
}
