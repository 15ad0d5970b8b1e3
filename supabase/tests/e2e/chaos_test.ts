import { deepEqual, equal, ok } from "node:assert/strict";
import { runChaos } from "../../../scripts/chaos/chaos.ts";

Deno.test("all invariants hold after kills, lost wakes and faults of the model", async () => {
  const report = await runChaos({
    seed: 11,
    prompts: 900,
    runs: 3,
    killEveryMs: 2_500,
    killForMs: 12_000,
    log: () => {},
  });
  deepEqual(report.broken, []);
  deepEqual(report.statuses, ["completed", "completed", "completed"]);
  equal(report.evaluations, 900);
  equal(report.leasesLeft, 0);
  ok(report.kills.length >= 2, `${report.kills.length} kills`);
});
