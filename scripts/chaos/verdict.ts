import type { ChaosReport } from "./chaos.ts";

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
  return lines;
}
