import { assert, assertEquals } from "@std/assert";
import { runChaos } from "../../../scripts/chaos/chaos.ts";
import { findFailures } from "../../../scripts/chaos/verdict.ts";

Deno.test("all invariants hold after kills, lost wakes, wrong clocks, refused results, endless evaluators and faults of the model", async () => {
  const report = await runChaos({
    seed: 4,
    prompts: 900,
    runs: 2,
    killEveryMs: 2_500,
    killForMs: 12_000,
    log: () => {},
  });
  assertEquals(findFailures(report), []);
  assert(report.kills.length >= 2, `${report.kills.length} kills`);
  assert(report.refused.results >= 1, "no result was refused");
  assert(report.refused.tables >= 1, "the results table was never gone");
  assert(report.endless.scores >= 1, "no evaluator was endless");
  assert(report.endless.requests >= 1, "no service was endless");
  assert(report.raised >= 1, "no run was out of money");
  assert(report.incidents.storm >= 1, "no storm of 429s");
  assert(report.clockSkewsMs.length >= 2, "no worker was started again");
});
