import type { Measurement } from "./measurement.ts";

/** The machine that a benchmark ran on. */
export interface Machine {
  processors: string;
  memoryGb: number;
  system: string;
  deno: string;
}

/**
 * The page docs/benchmarks.md. What other benchmarks found stays as it is on the page, with the machine
 * of its day.
 *
 * @param order names of benchmarks; the name of a measurement begins with that of its benchmark
 */
export function toBenchmarksPage(
  measurements: Measurement[],
  machine: Machine,
  day: string,
  { page, order }: { page: string; order: string[] },
): string {
  const { processors, memoryGb, system, deno } = machine;
  const measured = measurements.filter(({ printedOnly }) => !printedOnly)
    .map((measurement) => `| ${[...toCells(measurement), day].join(" | ")} |`);
  const written = page.split("\n").filter((line) => line.startsWith("| "))
    // Without the head.
    .slice(2);
  const ofBenchmark = (name: string, rows: string[]) =>
    rows.filter((row) => /^\| (\w+)/.exec(row)?.[1] === name);
  const rows = order.flatMap((name) => {
    const anew = ofBenchmark(name, measured);
    return anew.length > 0 ? anew : ofBenchmark(name, written);
  });
  const machines = readMachines(page).set(
    day,
    `${processors}, ${
      Math.round(memoryGb)
    } GB of memory, ${system}, Deno ${deno}`,
  );
  const days = new Set(rows.map((row) => /(\S+) *\|$/.exec(row)?.[1]));
  const listed = [...machines].filter(([day]) => days.has(day)).sort()
    .map(([day, machine]) => `- ${day}: ${machine}`);
  return `# Benchmarks

Written by \`deno task bench … --write\`. Everything runs on one machine: Postgres, REST, the functions,
the simulated model, the browser and what measures. Which it was on each day:

${listed.join("\n")}

"limit" is what a bare loop or the machine reached in the same run, "ratio" is value against limit:
ratios carry over to other machines, absolute figures do not.

| what | value | unit | limit | ratio | goal | day |
| --- | ---: | --- | ---: | ---: | --- | --- |
${rows.join("\n")}
`;
}

/** By its day, the machine that a page names. */
function readMachines(page: string): Map<string, string> {
  // Formatted, a long one goes on in the next line.
  const lines = page.matchAll(/^- (\S+): (.*(?:\n {2}.*)*)$/gm);
  return new Map(
    [...lines].map(([, day, machine]) => [day, machine.replace(/\s+/g, " ")]),
  );
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
