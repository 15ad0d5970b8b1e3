import { assertEquals } from "@std/assert";
import type { ChaosReport } from "./chaos.ts";
import { findFailures } from "./verdict.ts";

const passed: ChaosReport = {
  seed: 1,
  prompts: 300,
  kills: [],
  incidents: { storm: 1, lockout: 1 },
  refused: { results: 3, tables: 2 },
  endless: { scores: 3, requests: 2 },
  events: { made: 12, delivered: 7, untrue: 0 },
  share: 0.59,
  watched: { asked: 300, wrong: 0 },
  upgradeSeconds: 2,
  resumed: 2,
  raised: 1,
  clockSkewsMs: [0],
  broken: [],
  statuses: ["completed", "completed"],
  evaluations: 300,
  failedPrompts: 4,
  callsPerPrompt: { mean: 1.2, max: 4 },
  leasesLeft: 0,
  seconds: 60,
};

Deno.test("findFailures() finds nothing in a run that passed", () => {
  assertEquals(findFailures(passed), []);
});

Deno.test("findFailures() names each thing that did not hold", () => {
  assertEquals(
    findFailures({
      ...passed,
      broken: [{ run_id: "2", broken: "a rule", detail: "3, not 4" }],
      statuses: ["running", "completed"],
      evaluations: 299,
      watched: { asked: 300, wrong: 2 },
      events: { made: 12, delivered: 7, untrue: 1 },
      leasesLeft: 1,
      share: 0.39,
      kills: [
        { what: "rest", atMs: 1, toProgressMs: 119_000 },
        { what: "postgres", atMs: 2, toProgressMs: 120_001 },
      ],
    }),
    [
      "run 2: not so: a rule (3, not 4)",
      "1 of 2 runs are running, not completed",
      "299 evaluations of 300 prompts",
      "2 of 300 turns of the watch are missing, or were taken twice",
      "1 of 7 webhooks that were delivered never arrived",
      "1 leases left",
      "not so: neither of two owners starves (one had 0.39 of the calls)",
      "nothing was stored for 120 s after a kill of postgres",
    ],
  );
});
