import { median, quantile } from "../bench/measurement.ts";
import type { ChaosReport } from "./chaos.ts";
import { HARM } from "./find_harm.ts";
import { EVERYDAY_RATES } from "./misbehave.ts";
import type { Proof } from "./prove_invariants.ts";

type Kill = ChaosReport["kills"][number];

/** The page docs/reliability.md, made of the reports of chaos runs and of broken builds. */
export function toReliabilityPage(
  reports: ChaosReport[],
  proofs: Proof[],
): string {
  const [{ prompts }] = reports;
  const kills = reports.flatMap((report) =>
    report.kills.map((kill) => ({
      ...kill,
      isAlone: isLeftAlone(kill, report.kills),
    }))
  );
  return `# Reliability

What happens to runs of ${
    prompts.toLocaleString("en")
  } prompts together when their processes are killed
every few seconds: of two users who share an endpoint of 20 slots, the first with one run, the second
with three and a fourth whose evaluators never end; and of the project: one whose money is soon used
up, one that a judge reads, one over a table, and a sweep of two variants. An app writes ten messages a
second meanwhile, which a watch scores. Written by the following, a seed at a time or all together:

    deno task chaos ${
    reports.map(({ seed }) => `--seed ${seed}`).join(" ")
  } --prompts ${prompts} --write

While the runs go on, and seeded, so that a run can be repeated:

- the functions, the REST server or Postgres are killed with SIGKILL every 2 to 6 s for a minute;
- pg_net loses all wakes for 2 s after three kills in ten, and sends each three times after others;
- one model call in ten meets one of ${
    Object.keys(EVERYDAY_RATES).length
  } faults, each as often as any other, from a connection that is
  reset to a stream that nobody asked for: those of [faults.md](faults.md) that are no rate limit and do not stop a run;
- every 4 to 10 s the model has an incident of 1 to 2 s: a storm, in which nearly nine calls in ten
  get a 429 with Retry-After or are told so in another way, or a lockout, in which one call in five is refused as if by a bad key or an
  empty account. That pauses the run; it is resumed within half a second;
- the results table refuses one answer in fifty for good, and is gone for up to a second every 4 to
  8 s, which pauses runs until they are resumed;
- of one run each answer is graded by a JSON Schema that takes for ever and by a web service whose
  answer has no end;
- the webhook of the runs never answers the first of five events, answers the second without end,
  fails at the third, hangs up at the fourth, and takes the fifth;
- the judge is the same model behind an endpoint of its own, with the same faults and incidents;
- the project is upgraded once, at any time: everything but its tables is written anew;
- one run has a max_cost that pays for one call at a time, and is doubled whenever it is used up;
- the clock of a worker is wrong by up to 10 minutes, either way, by another time after each kill.

Afterwards \`check_pipeline_invariants()\` must return nothing. It can be called on a live project:

    select * from check_pipeline_invariants();

It says which run breaks what: counters that differ from counts, a task whose prompt is gone, a
finished prompt without exactly one evaluation, a run that has ended with open tasks or has none and
did not end, leases of dead workers that nobody recovered, a results table that is gone, results
that wait for nothing, prompts called more often than they may be, and money that is set aside for
no call, turns of a watch that are taken twice or counted wrongly. And, where nobody but the pipeline touches its rows: ${
    Object.values(HARM).join("; ")
  }. The share in the table is the part of the calls that the user with one run had while both had
some to make: a half is fair, and a tenth more or less is allowed.

| seed | kills | storms | lockouts | results refused | table gone | endless scores | events | delivered | max_cost raised | upgrade, s | clocks, min | runs | evaluations | errors among them | broken invariants | leases left | share | calls a prompt, mean | calls a prompt, max | turns watched | s |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${reports.map(toRow).join("\n")}

The errors are the prompts that the model would not answer, such as by a 400 or a content filter,
and those whose answer the table refused: an evaluation with its reason is stored for each.

The turns watched are those that were scored once by each evaluator, were stored once without an
answer, or are not in the sample: all, unless a line of the run's output says otherwise.

Model calls are at least once: a worker that dies takes its calls in flight with it, and they are
made again. Stored results are exactly once per task of a run.

From a kill to the next stored evaluation, over all ${kills.length} kills; and of those after which
nothing else was killed until then, for where functions are killed every few seconds, no worker
lives to take another's place:

| killed | times | median | slowest in twenty | slowest | not again | median | slowest |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${
    ["functions", "rest", "postgres"].map((what) =>
      toRecoveryRow(what, kills.filter((kill) => kill.what === what))
    ).join("\n")
  }

Another worker takes the place of one that was killed 8 s after its last word, and goes on with what
nobody holds, in the slots in which that one called nothing. What it held, and the slots of those
calls, come back when its leases end, after 20 s: it may only be cut off and still call, and the limit
of the endpoint holds for that too. Both at the next maintenance, which runs every 2 s while there are
workers, every 10 s otherwise, and whenever Postgres has started. Postgres may be away for 15 s before
a call is made twice.

## Broken builds

Whether the invariants would notice: each row is a build that is wrong on purpose, by one small
change, and what was reported after the same 20 minutes of a bad day, played
in SQL. Without a change it says nothing. \`deno task chaos --broken\` does it again in seconds, and
so do the tests.

| change | reported |
| --- | --- |
${
    proofs.filter(({ build }) => build.breaks.length > 0).map(toProofRow).join(
      "\n",
    )
  }
`;
}

function toProofRow({ build, reported }: Proof): string {
  return `| ${build.name} | ${reported.join("; ")} |`;
}

function toRow(report: ChaosReport): string {
  const { seed, kills, statuses, evaluations, broken, leasesLeft } = report;
  const minutes = report.clockSkewsMs.map((skew) => Math.round(skew / 60_000));
  const { mean, max } = report.callsPerPrompt;
  const cells = [
    seed,
    kills.length,
    report.incidents.storm,
    report.incidents.lockout,
    report.refused.results,
    report.refused.tables,
    report.endless.scores,
    report.events.made,
    report.events.delivered,
    report.raised,
    report.upgradeSeconds.toFixed(1),
    `${Math.min(...minutes)} to ${Math.max(...minutes)}`,
    [...new Set(statuses)].join(", "),
    evaluations,
    report.failedPrompts,
    broken.length,
    leasesLeft,
    report.share?.toFixed(2) ?? "",
    mean.toFixed(2),
    max,
    report.watched.asked - report.watched.wrong,
    Math.round(report.seconds),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** Whether nothing else was killed until something was stored again. */
function isLeftAlone(kill: Kill, kills: Kill[]): boolean {
  return !kills.some(({ atMs }) =>
    atMs > kill.atMs && atMs < kill.atMs + kill.toProgressMs
  );
}

function toRecoveryRow(
  what: string,
  kills: (Kill & { isAlone: boolean })[],
): string {
  const seconds = (milliseconds: number) =>
    `${(milliseconds / 1000).toFixed(1)} s`;
  const times = kills.map(({ toProgressMs }) => toProgressMs);
  const alone = kills.filter(({ isAlone }) => isAlone)
    .map(({ toProgressMs }) => toProgressMs);
  const cells = [
    what,
    times.length,
    ...times.length === 0 ? ["", "", ""] : [
      seconds(median(times)),
      seconds(quantile(times, 0.95)),
      seconds(Math.max(...times)),
    ],
    alone.length,
    ...alone.length === 0
      ? ["", ""]
      : [seconds(median(alone)), seconds(Math.max(...alone))],
  ];
  return `| ${cells.join(" | ")} |`;
}
