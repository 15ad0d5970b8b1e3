import { formatText } from "../docs/format_text.ts";
import type { ChaosReport } from "./chaos.ts";

const path = new URL("reports.json", import.meta.url);

/**
 * Keeps a report beside those of earlier calls, so that hours of seeds can be run in pieces, and
 * returns all: those of as many prompts, one a seed, in the order of the seeds.
 */
export async function addReport(report: ChaosReport): Promise<ChaosReport[]> {
  const reports = withReport(await readReports(), report);
  await Deno.writeTextFile(
    path,
    await formatText(JSON.stringify(reports), "json"),
  );
  return reports;
}

/** Adds a report, in place of what another build, or another number of prompts, has said. */
export function withReport(
  known: ChaosReport[],
  report: ChaosReport,
): ChaosReport[] {
  return [
    ...known.filter(({ seed, prompts }) =>
      seed !== report.seed && prompts === report.prompts
    ),
    report,
  ].sort((a, b) => a.seed - b.seed);
}

async function readReports(): Promise<ChaosReport[]> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
