import { type ChaosReport, LONGEST_PAUSE_MS } from "./chaos.ts";
import { HARM } from "./find_harm.ts";

/** How far the calls of one of two owners may be from half of them. */
const UNFAIR = 0.1;

/** What should have held and did not, a line each; empty for a run that passed. */
export function findFailures(report: ChaosReport): string[] {
  const { broken, statuses, prompts, evaluations, watched, leasesLeft } =
    report;
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
  if (watched.wrong > 0) {
    lines.push(
      `${watched.wrong} of ${watched.asked} turns of the watch are missing, or were taken twice`,
    );
  }
  if (report.events.untrue > 0) {
    lines.push(
      `${report.events.untrue} of ${report.events.delivered} webhooks that were delivered never arrived`,
    );
  }
  if (leasesLeft > 0) lines.push(`${leasesLeft} leases left`);
  if (report.share !== null && Math.abs(report.share - 0.5) > UNFAIR) {
    lines.push(
      `not so: ${HARM.starved} (one had ${
        report.share.toFixed(2)
      } of the calls)`,
    );
  }
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
