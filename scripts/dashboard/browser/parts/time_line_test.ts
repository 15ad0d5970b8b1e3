import { assertEquals, assertMatch } from "@std/assert";
import { h } from "preact";
import { renderToStaticMarkup } from "preact-render-to-string";
import type { Tick } from "../data/timeline.ts";
import { TimeLine } from "./time_line.tsx";

const tick = (second: number, per_second: number | null): Tick => ({
  at: `2026-01-01T10:00:${second}0Z`,
  status: "running",
  open: 0,
  concurrency: 1,
  p50_ms: null,
  p95_ms: null,
  blocked_until: null,
  per_second,
  failed_per_second: per_second,
  cost_per_second: null,
});

const draw = (ticks: Tick[]) =>
  renderToStaticMarkup(h(TimeLine, { ticks }) as never);

Deno.test("TimeLine() draws nothing where there is one rate, which is no line", () => {
  assertEquals(draw([tick(0, null), tick(1, 5)]), "");
  assertMatch(draw([tick(0, null), tick(1, 5), tick(2, 6)]), /per second/);
});
