import { assert, assertEquals } from "@std/assert";
import { runChaos } from "../../../scripts/chaos/chaos.ts";
import { findFailures } from "../../../scripts/chaos/verdict.ts";

Deno.test("all invariants hold after kills, lost wakes, wrong clocks, refused results and faults of the model", async () => {
  const report = await runChaos({
    seed: 4,
    prompts: 900,
    runs: 3,
    killEveryMs: 2_500,
    killForMs: 12_000,
    log: () => {},
  });
  assertEquals(findFailures(report), []);
  assert(report.kills.length >= 2, `${report.kills.length} kills`);
  assert(report.refused.results >= 1, "no result was refused");
  assert(report.refused.tables >= 1, "the results table was never gone");
  assert(report.incidents.storm >= 1, "no storm of 429s");
  assert(report.clockSkewsMs.length >= 2, "no worker was started again");
});
