import { parseArgs } from "@std/cli/parse-args";
import { formatText } from "../docs/format_text.ts";
import { type ChaosReport, runChaos } from "./chaos.ts";
import { addReport } from "./known_reports.ts";
import { isProven, type Proof, proveInvariants } from "./prove_invariants.ts";
import { toReliabilityPage } from "./reliability_page.ts";
import { findFailures } from "./verdict.ts";

const USAGE = `Usage: deno task chaos [--seed N]… [--prompts N] [--write]
       deno task chaos --broken

Runs the pipeline while its processes are killed every few seconds, wakes are lost and repeated, the
clocks of workers are wrong, the model misbehaves, evaluators never end and it is upgraded, then checks
the invariants. Exit 0 when all of them hold, every run has completed, every prompt has one evaluation,
every turn of the watch is taken once and no lease is left.

  --seed N     a run with this seed; may be repeated; default 1
  --prompts N  of all runs together; default 5000
  --write      write the figures to docs/reliability.md after each seed, beside those of other seeds
               that it has: scripts/chaos/reports.json, which you remove to begin anew
  --broken     break the build in one way after the other instead; exit 0 when the invariants
               report each of them

  deno task chaos --seed 7
  deno task chaos --seed 1 --seed 2 --seed 3 --write`;

const args = parseArgs(Deno.args, {
  string: ["seed", "prompts"],
  boolean: ["write", "broken", "help"],
  collect: ["seed"],
});
if (args.help) {
  console.log(USAGE);
  Deno.exit(0);
}
const seeds = (args.seed as string[]).length > 0
  ? (args.seed as string[]).map(Number)
  : [1];
const prompts = Number(args.prompts ?? 5000);
if (
  ![...seeds, prompts].every((number) => Number.isInteger(number) && number > 0)
) {
  console.error(`--seed and --prompts are whole numbers above 0\n\n${USAGE}`);
  Deno.exit(2);
}

if (args.broken) Deno.exit(showProofs(await proveInvariants()) ? 0 : 1);

const proofs = args.write ? await proveInvariants() : [];
let passed = showProofs(proofs);
for (const seed of seeds) {
  console.log(`seed ${seed}`);
  const report = await runChaos({
    seed,
    prompts,
    runs: 3,
    killEveryMs: 4_000,
    killForMs: 60_000,
    log: (line) => console.log(`  ${line}`),
  });
  passed &&= findFailures(report).length === 0;
  console.log(`  ${describe(report)}`);
  if (args.write) await writePage(await addReport(report), proofs);
}
Deno.exit(passed ? 0 : 1);

async function writePage(
  reports: ChaosReport[],
  proofs: Proof[],
): Promise<void> {
  await Deno.writeTextFile(
    new URL("../../docs/reliability.md", import.meta.url),
    await formatText(toReliabilityPage(reports, proofs), "md"),
  );
}

function describe(report: ChaosReport): string {
  const { incidents, evaluations, kills, callsPerPrompt, seconds } = report;
  const failures = findFailures(report);
  const verdict = failures.length === 0
    ? "all invariants hold"
    : failures.join("\n  ");
  return `${evaluations} evaluations, ${kills.length} kills, ${incidents.storm} storms, ${incidents.lockout} lockouts, ${
    callsPerPrompt.mean.toFixed(2)
  } calls a prompt, ${Math.round(seconds)} s: ${verdict}`;
}

/** Prints what was reported of each build; true when each was caught, and only those. */
function showProofs(proofs: Proof[]): boolean {
  for (const proof of proofs) {
    console.log(
      `${isProven(proof) ? "ok" : "NOT CAUGHT"}: ${proof.build.name}`,
    );
    for (const invariant of proof.reported) {
      console.log(`  reported: not so: ${invariant}`);
    }
  }
  return proofs.every(isProven);
}
