import { assertEquals } from "@std/assert";
import { namesOf } from "../draw_table.ts";
import { toCells } from "./rank.ts";

const row = {
  compared: "exact-match",
  rank: 1,
  experiment_name: "new",
  prompts: 20,
  unscored: 0,
  answers: 20,
  score_mean: 0.75,
  score_low: 0.531299,
  score_high: 0.888138,
  difference: null,
  difference_low: null,
  difference_high: null,
  p_adjusted: null,
  k_drawn: 1,
  pass_at_k: 0.75,
  pass_hat_k: 0.75,
  latency_ms: 812.4,
  cost: 0.0123456,
  finding: "the highest mean",
};

Deno.test("toCells() shows what a row knows", () => {
  assertEquals(toCells(row), {
    rank: 1,
    experiment: "new",
    prompts: 20,
    mean: "0.750",
    "95 %": "0.531 to 0.888",
    p: undefined,
    ms: "812",
    cost: "0.0123",
  });
});

Deno.test("toCells() shows repetitions and missing scores where there are some", () => {
  const cells = toCells({ ...row, unscored: 2, k_drawn: 5, pass_hat_k: 0.4 });
  assertEquals(
    [cells.unscored, cells["pass@5"], cells["pass^5"]],
    [2, "0.750", "0.400"],
  );
});

Deno.test("namesOf() has what any row shows, where it stands in that row", () => {
  const repeated = toCells({ ...row, unscored: 2, k_drawn: 5 });
  assertEquals(namesOf([toCells(row), repeated]), Object.keys(repeated));
  assertEquals(namesOf([repeated, toCells(row)]), Object.keys(repeated));
});
