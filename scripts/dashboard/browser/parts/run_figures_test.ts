import { assertEquals } from "@std/assert";
import { h } from "preact";
import { renderToStaticMarkup } from "preact-render-to-string";
import type { WholeRun } from "../data/runs.ts";
import { RunFigures } from "./run_figures.tsx";

const run = {
  id: 7,
  experiment_name: "nightly",
  model: null,
  status: "running",
  prompts: 100,
  answers: 300,
  done: 150,
  succeeded: 140,
  failed: 10,
  cached: 0,
  judge_errors: 0,
  prompts_per_second: 12.5,
  eta: "00:00:12",
  cost: 0,
  max_cost: 5,
  tokens: 0,
  concurrency: 8,
  tags: [],
  owner: null,
  created_at: "2026-01-01T00:00:00Z",
  started_at: null,
  finished_at: null,
  rests_until: null,
} as unknown as WholeRun;

Deno.test("RunFigures() counts answers where each prompt is asked several times", () => {
  const drawn = renderToStaticMarkup(h(RunFigures, { run }));
  assertEquals(drawn.includes("150 of 300"), true);
  assertEquals(
    drawn.includes(
      '<dt>Prompts</dt><dd><span class="text" dir="auto">100</span></dd>',
    ),
    true,
  );
  const once = { ...run, answers: 100, done: 50 };
  assertEquals(
    renderToStaticMarkup(h(RunFigures, { run: once })).includes("Prompts</dt>"),
    false,
  );
});

Deno.test("RunFigures() shows the reader's own clock as it is, whatever marks of direction that has", () => {
  const rests_until = "2026-01-01T12:00:00Z";
  const drawn = renderToStaticMarkup(
    h(RunFigures, { run: { ...run, rests_until } }),
  );
  const time = new Date(rests_until).toLocaleTimeString();
  assertEquals(drawn.includes(`until</dt><dd>${time}</dd>`), true);
});
