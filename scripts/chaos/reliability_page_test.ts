import { match, ok } from "node:assert/strict";
import { toReliabilityPage } from "./reliability_page.ts";

Deno.test("toReliabilityPage() shows each seed and each kind of kill", () => {
  const page = toReliabilityPage([{
    seed: 7,
    prompts: 300,
    kills: [
      { what: "rest", atMs: 1, toProgressMs: 1_000 },
      { what: "rest", atMs: 2, toProgressMs: 3_000 },
    ],
    broken: [{ run_id: "1", broken: "a rule", detail: "x" }],
    statuses: ["completed", "completed", "failed"],
    evaluations: 299,
    callsPerPrompt: { mean: 1.234, max: 4 },
    leasesLeft: 2,
    seconds: 61.4,
  }]);
  ok(
    page.includes(
      "| 7 | 2 | completed, failed | 299 | 1 | 2 | 1.23 | 4 | 61 |",
    ),
  );
  match(page, /\| rest \| 2 \| 2\.0 s \| 3\.0 s \| 3\.0 s \|/);
  match(page, /\| postgres \| 0 \|/);
  match(page, /--seed 7 --prompts 300 --write/);
});
