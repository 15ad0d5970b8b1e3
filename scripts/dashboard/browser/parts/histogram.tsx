import type { Distribution } from "../data/answers.ts";
import { toNumber, toScore } from "./formats.ts";

/**
 * How values are spread, 64 px high. A bar leads to the answers that it counts; the lower part are
 * those that passed.
 */
export function Histogram({ distribution, toHref }: {
  distribution: Distribution;
  /** Undefined: bars lead nowhere. */
  toHref?(bin: { low: number; high: number }): string;
}) {
  const { bins } = distribution;
  const most = Math.max(1, ...bins.map(({ count }) => count));
  return (
    <svg
      class="histogram"
      viewBox={`0 0 ${bins.length * 10} 50`}
      preserveAspectRatio="none"
      role="group"
      aria-label={describe(distribution)}
    >
      {bins.map(({ low, high, count, passed }, place) => {
        const height = 48 * count / most;
        const good = count === 0 ? 0 : height * (passed ?? 0) / count;
        const words = `${toScore(low)} to ${toScore(high)}: ${toNumber(count)}`;
        const bar = (
          <>
            <title>{words}</title>
            <rect class="ground" x={place * 10} y={0} width={10} height={50} />
            <rect
              class="rest"
              x={place * 10 + 0.5}
              y={50 - height}
              width={9}
              height={height - good}
            />
            <rect
              class="good"
              x={place * 10 + 0.5}
              y={50 - good}
              width={9}
              height={good}
            />
          </>
        );
        return toHref && count > 0
          ? (
            <a key={place} href={toHref({ low, high })} aria-label={words}>
              {bar}
            </a>
          )
          : <g key={place}>{bar}</g>;
      })}
    </svg>
  );
}

function describe({ counted, sampled, looked_at }: Distribution): string {
  return `Histogram of ${toNumber(counted)} values${
    sampled ? `, a sample of ${toNumber(looked_at)} answers` : ""
  }`;
}
