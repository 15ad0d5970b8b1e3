import { median, quantile } from "../bench/measurement.ts";
import type { ChaosReport } from "./chaos.ts";

/** The page docs/reliability.md, made of the reports of chaos runs. */
export function toReliabilityPage(reports: ChaosReport[]): string {
  const [{ prompts }] = reports;
  const kills = reports.flatMap((report) => report.kills);
  return `# Reliability

What happens to three runs of ${
    prompts.toLocaleString("en")
  } prompts together when their processes
are killed every few seconds. Written by:

    deno task chaos ${
    reports.map(({ seed }) => `--seed ${seed}`).join(" ")
  } --prompts ${prompts} --write

While the runs go on, and seeded, so that a run can be repeated:

- the functions, the REST server or Postgres are killed with SIGKILL every 2 to 6 s for a minute;
- pg_net loses all wakes for 2 s after three kills in ten, and sends each three times after others;
- one model call in ten fails: 500, connection reset before or in the answer, truncated or invalid
  JSON, HTML, an empty body, a body that never ends, 429 with Retry-After.

Afterwards \`check_pipeline_invariants()\` must return nothing. It can be called on a live project:

    select * from check_pipeline_invariants();

It says which run breaks what: counters that differ from counts, a finished prompt without exactly
one evaluation, a run that has ended with open tasks or has none and did not end, leases of dead
workers that nobody recovered.

| seed | kills | runs | evaluations | broken invariants | leases left | calls a prompt, mean | calls a prompt, max | s |
| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |
${reports.map(toRow).join("\n")}

Model calls are at least once: a worker that dies takes its calls in flight with it, and they are
made again. Stored results are exactly once per run and prompt.

From a kill to the next stored evaluation, over all ${kills.length} kills:

| killed | times | median | slowest in twenty | slowest |
| --- | ---: | ---: | ---: | ---: |
${
    ["functions", "rest", "postgres"].map((what) =>
      toRecoveryRow(
        what,
        kills.filter((kill) => kill.what === what)
          .map(({ toProgressMs }) => toProgressMs),
      )
    ).join("\n")
  }

A killed worker's prompts come back when its leases end: 30 s after its last heartbeat, then at the
next sweep, which runs every 10 s. Other workers go on meanwhile.
`;
}

function toRow(report: ChaosReport): string {
  const { seed, kills, statuses, evaluations, broken, leasesLeft } = report;
  const { mean, max } = report.callsPerPrompt;
  const cells = [
    seed,
    kills.length,
    [...new Set(statuses)].join(", "),
    evaluations,
    broken.length,
    leasesLeft,
    mean.toFixed(2),
    max,
    Math.round(report.seconds),
  ];
  return `| ${cells.join(" | ")} |`;
}

function toRecoveryRow(what: string, times: number[]): string {
  if (times.length === 0) return `| ${what} | 0 | | | |`;
  const seconds = (milliseconds: number) =>
    `${(milliseconds / 1000).toFixed(1)} s`;
  return `| ${what} | ${times.length} | ${seconds(median(times))} | ${
    seconds(quantile(times, 0.95))
  } | ${seconds(Math.max(...times))} |`;
}
