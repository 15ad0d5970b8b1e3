import { parseArgs } from "@std/cli/parse-args";
import { type ChaosReport, runChaos } from "./chaos.ts";
import { toReliabilityPage } from "./reliability_page.ts";

const USAGE = `Usage: deno task chaos [--seed N]… [--prompts N] [--write]

Runs the pipeline while its processes are killed every few seconds, wakes are lost and repeated and
one model call in ten fails, then checks the invariants. Exit 0 when all of them hold.

  --seed N     a run with this seed; may be repeated; default 1
  --prompts N  of three runs together; default 5000
  --write      write the figures to docs/reliability.md

  deno task chaos --seed 7
  deno task chaos --seed 1 --seed 2 --seed 3 --write`;

const args = parseArgs(Deno.args, {
  string: ["seed", "prompts"],
  boolean: ["write", "help"],
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

const reports: ChaosReport[] = [];
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
  reports.push(report);
  console.log(`  ${describe(report)}`);
}
if (args.write) {
  await Deno.writeTextFile(
    new URL("../../docs/reliability.md", import.meta.url),
    toReliabilityPage(reports),
  );
}
Deno.exit(reports.every(({ broken }) => broken.length === 0) ? 0 : 1);

function describe(report: ChaosReport): string {
  const { broken, evaluations, kills, callsPerPrompt, seconds } = report;
  const verdict = broken.length === 0
    ? "all invariants hold"
    : broken.map((rule) =>
      `run ${rule.run_id}: not so: ${rule.broken} (${rule.detail})`
    )
      .join("\n  ");
  return `${evaluations} evaluations, ${kills.length} kills, ${
    callsPerPrompt.mean.toFixed(2)
  } calls a prompt, ${Math.round(seconds)} s: ${verdict}`;
}
