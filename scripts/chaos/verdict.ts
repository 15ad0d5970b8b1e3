import { type ChaosReport, LONGEST_PAUSE_MS } from "./chaos.ts";

/** What should have held and did not, a line each; empty for a run that passed. */
export function findFailures(report: ChaosReport): string[] {
  const { broken, statuses, prompts, evaluations, leasesLeft } = report;
  const lines = broken.map((rule) =>
    `run ${rule.run_id}: not so: ${rule.broken} (${rule.detail})`
  );
  const unfinished = statuses.filter((status) => status !== "completed");
  if (unfinished.length > 0) {
    lines.push(
      `${unfinished.length} of ${statuses.length} runs are ${
        [...new Set(unfinished)].join(", ")
      }, not completed`,
    );
  }
  if (evaluations !== prompts) {
    lines.push(`${evaluations} evaluations of ${prompts} prompts`);
  }
  if (leasesLeft > 0) lines.push(`${leasesLeft} leases left`);
  for (const { what, toProgressMs } of report.kills) {
    if (toProgressMs >= LONGEST_PAUSE_MS) {
      lines.push(
        `nothing was stored for ${
          LONGEST_PAUSE_MS / 1000
        } s after a kill of ${what}`,
      );
    }
  }
  return lines;
}
