import { assertEquals, assertMatch } from "@std/assert";
import { h } from "preact";
import { renderToStaticMarkup } from "preact-render-to-string";
import type { ListedRun } from "../data/runs.ts";
import type { WatchStatus, WatchWindow } from "../data/watches.ts";
import { EvaluatorWatch, runOf } from "./evaluator_watch.tsx";

const runs = [
  { id: 9, created_at: "2026-10-03T00:00:05Z" },
  { id: 8, created_at: "2026-10-02T00:00:05Z" },
];

Deno.test("runOf() is the run of the day on which a window was full", () => {
  const of = (closedAt: string | null) => runOf(runs, closedAt)?.id;
  assertEquals(of("2026-10-03T10:00:00Z"), 9);
  assertEquals(of("2026-10-02T23:59:00Z"), 8);
  assertEquals(of(null), 9);
  assertEquals(of("2026-10-01T10:00:00Z"), undefined);
});

const status = {
  id: 3,
  name: "support",
  owner: null,
  evaluator: "refusal",
  baseline: 0.9,
  is_approved: true,
  alarm: "alarm",
  alarm_since: "2026-10-03T10:00:00Z",
  mean: 0.7,
  low: 0.6,
  high: 0.8,
  scored: 400,
} as WatchStatus;

const window = (changes: Partial<WatchWindow>): WatchWindow => ({
  evaluator: "refusal",
  number: 1,
  opened_at: "2026-10-02T09:00:00Z",
  closed_at: "2026-10-02T10:00:00Z",
  turns: 200,
  mean: 0.7,
  low: 0.6,
  high: 0.8,
  baseline: 0.9,
  band_low: 0.85,
  band_high: 0.95,
  p: 0.0001,
  is_outside: true,
  ...changes,
});

Deno.test("EvaluatorWatch() says the alarm in words and leads from a window to its worst answers", () => {
  const drawn = renderToStaticMarkup(
    h(EvaluatorWatch, {
      status,
      windows: [
        window({}),
        window({ evaluator: "length", number: 2, mean: 0.123 }),
        window({ number: 3, closed_at: null, p: null, is_outside: false }),
      ],
      runs: runs as ListedRun[],
    }),
  );
  assertMatch(drawn, /! outside/);
  assertMatch(drawn, /0\.9, approved/);
  assertMatch(drawn, /not full yet/);
  assertMatch(
    drawn,
    /#\/runs\/8\/answers\?sort=worst&amp;evaluator=refusal/,
  );
  assertEquals(drawn.includes("0.123"), false);
});
