import type { Measurement } from "./measurement.ts";

/** The machine that a benchmark ran on. */
export interface Machine {
  processors: string;
  memoryGb: number;
  system: string;
  deno: string;
}

/** The page docs/benchmarks.md, made of the figures of one run. */
export function toBenchmarksPage(
  measurements: Measurement[],
  machine: Machine,
  day: string,
): string {
  const { processors, memoryGb, system, deno } = machine;
  return `# Benchmarks

Written by \`deno task bench … --write\` on ${day}: ${processors}, ${
    Math.round(memoryGb)
  } GB of memory, ${system}, Deno ${deno}. Everything runs on that one machine: Postgres, REST, the
functions, the simulated model and what measures.

"limit" is what a bare loop or the machine reached in the same run, "ratio" is value against limit:
ratios carry over to other machines, absolute figures do not.

| what | value | unit | limit | ratio | goal |
| --- | ---: | --- | ---: | ---: | --- |
${
    measurements.filter(({ printedOnly }) => !printedOnly).map((measurement) =>
      `| ${toCells(measurement).join(" | ")} |`
    ).join("\n")
  }
`;
}

/** What a row tells of a measurement, in words: name, value, unit, limit, ratio and goal. */
export function toCells(
  { name, value, unit, limit, ratio, goal = "" }: Measurement,
): string[] {
  return [
    name,
    formatNumber(value),
    unit,
    limit === undefined ? "" : formatNumber(limit),
    ratio?.toFixed(2) ?? "",
    goal,
  ];
}

/** A number as people read it: two decimals below 100, none above. */
export function formatNumber(value: number): string {
  return value.toLocaleString("en", {
    maximumFractionDigits: Math.abs(value) < 100 ? 2 : 0,
  });
}
