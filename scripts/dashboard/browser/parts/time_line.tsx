import type { Tick } from "../data/timeline.ts";
import { toDuration, toMoney, toNumber } from "./formats.ts";
import { LineChart } from "./line_chart.tsx";

/** How a run went, in small charts over the same time. */
export function TimeLine({ ticks }: { ticks: Tick[] }) {
  // Rates are of the time since the tick before, and one point is no line.
  if (ticks.filter((tick) => tick.per_second !== null).length < 2) return null;
  const times = ticks.map(({ at }) => Date.parse(at));
  const chart = (
    title: string,
    format: (value: number | null) => string,
    ...names: (
      | "per_second"
      | "failed_per_second"
      | "p50_ms"
      | "p95_ms"
      | "concurrency"
      | "cost_per_second"
    )[]
  ) => (
    <LineChart
      title={title}
      times={times}
      lines={names.map((name) => ticks.map((tick) => tick[name]))}
      format={format}
    />
  );
  return (
    <section aria-label="Over time">
      <h2>Over time</h2>
      <div class="charts">
        {chart("Prompts per second", toNumber, "per_second")}
        {chart("Failed per second", toNumber, "failed_per_second")}
        {chart("Latency, p50 and p95", toDuration, "p50_ms", "p95_ms")}
        {chart("Calls at once", toNumber, "concurrency")}
        {ticks.some(({ cost_per_second }) => cost_per_second) &&
          chart("Cost per second", toMoney, "cost_per_second")}
      </div>
    </section>
  );
}
