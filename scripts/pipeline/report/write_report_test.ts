import { assert, assertEquals, assertMatch } from "@std/assert";
import { writeReport } from "./write_report.ts";

const score = {
  experiment_name: "new",
  model: "m",
  evaluator: "exact-match",
  scored: 10,
  errors: 0,
  score_mean: 0.75,
  score_low: 0.6,
  score_high: 0.9,
  pass_rate: 0.7,
};

Deno.test("writeReport() has tables, bars, the comparison and what became worse", () => {
  const report = writeReport({
    experiment: "new",
    baseline: "old",
    summary: [{ experiment_name: "new", model: "m", prompts: 10, answers: 11 }],
    costs: [{
      experiment_name: "new",
      cost: 0.5,
      answers_cost: 0.3,
      other_cost: 0.2,
    }],
    scores: [score],
    comparison: [{ compared: "exact-match", finding: "better", p: 0.21875 }],
    errors: [{
      experiment_name: "new",
      run_id: 7,
      stage: "execute",
      class: "rate",
      count: 2,
    }],
    worse: [{
      prompt: "What is 2+2?",
      baseline_score: 1,
      candidate_score: 0,
      baseline_response: "4",
      candidate_response: null,
      candidate_error: "HTTP 400",
    }],
  });
  assertMatch(report, /^# new against old\n/);
  assertMatch(report, /\| new \| m \| 10 \| 11 \|/);
  assertMatch(report, /\| exact-match \| better \|.*\| 0\.2188 \|/);
  assertMatch(report, /\| 0\.75 \| ████████░░ \|/);
  assertMatch(report, /- before \(1\): 4\n- now \(0\): HTTP 400/);
  assertMatch(report, /\| new \| 0\.3 \| 0\.2 \| 0\.5 \|/);
  assertMatch(report, /## Errors[^]*\n\| new \| 7 \| execute \| rate \|/);
});

Deno.test("writeReport() leaves out what there is nothing to say about", () => {
  const report = writeReport({
    experiment: "x",
    summary: [],
    costs: [],
    scores: [],
    comparison: [],
    errors: [],
    worse: [],
  });
  assertEquals(report, "# x");
});

Deno.test("writeReport() lets nobody's text become markup", () => {
  const report = writeReport({
    experiment: "a | b",
    summary: [],
    costs: [],
    scores: [{ ...score, experiment_name: "<b>" }],
    comparison: [],
    errors: [{ stage: "execute", example: "<script>|\n# no" }],
    worse: [{ prompt: "<script>", candidate_response: "\n# no<b>" }],
  });
  assert(!report.includes("<script>"));
  assert(!report.includes("<b>"));
  assert(!report.includes("\n# no"));
  assertMatch(report, /a \\\| b/);
});
