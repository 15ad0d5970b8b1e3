import { assert, assertMatch, assertNotMatch } from "@std/assert";
import { toReliabilityPage } from "./reliability_page.ts";

Deno.test("toReliabilityPage() shows each seed, each kind of kill and each broken build", () => {
  const page = toReliabilityPage([{
    seed: 7,
    prompts: 300,
    kills: [
      { what: "rest", atMs: 1_000, toProgressMs: 1_000 },
      { what: "rest", atMs: 4_000, toProgressMs: 3_000 },
      { what: "functions", atMs: 5_000, toProgressMs: 2_000 },
    ],
    incidents: { storm: 5, lockout: 6 },
    refused: { results: 3, tables: 2 },
    endless: { scores: 9, requests: 4 },
    events: { made: 12, delivered: 7, untrue: 0 },
    share: 0.512,
    watched: { asked: 310, wrong: 1 },
    upgradeSeconds: 2.34,
    resumed: 1,
    raised: 5,
    clockSkewsMs: [60_000, -120_000],
    broken: [{ run_id: "1", broken: "a rule", detail: "x" }],
    statuses: ["completed", "completed", "failed"],
    evaluations: 299,
    failedPrompts: 8,
    callsPerPrompt: { mean: 1.234, max: 4 },
    leasesLeft: 2,
    seconds: 61.4,
  }], [
    { build: { name: "no change", breaks: [] }, reported: [] },
    {
      build: { name: "`f()` forgets", breaks: ["a rule"] },
      reported: ["a rule", "another"],
    },
  ]);
  assert(
    page.includes(
      "| 7 | 3 | 5 | 6 | 3 | 2 | 9 | 12 | 7 | 5 | 2.3 | -2 to 1 | completed, failed | 299 | 8 | 1 | 2 | 0.51 | 1.23 | 4 | 309 | 61 |",
    ),
  );
  const table = [
    "| functions | 1 | 2.0 s | 2.0 s | 2.0 s | 1 | 2.0 s | 2.0 s |",
    "| rest | 2 | 2.0 s | 3.0 s | 3.0 s | 1 | 1.0 s | 1.0 s |",
    "| postgres | 0 |  |  |  | 0 |  |  |",
  ];
  assert(page.includes(table.join("\n")), page);
  assertMatch(page, /\| `f\(\)` forgets \| a rule; another \|/);
  assertNotMatch(page, /no change/);
  assertMatch(page, /--seed 7 --prompts 300 --write/);
});
