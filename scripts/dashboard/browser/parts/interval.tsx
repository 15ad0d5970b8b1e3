import { describeMean, toScore, toSigned } from "./formats.ts";

/** A mean score, or the share that passes, with its interval. */
export function MeanScore({ of }: {
  /** Undefined: there is none. */
  of?: {
    score_mean: number | null;
    score_low: number | null;
    score_high: number | null;
    pass_rate?: number | null;
  };
}) {
  return (
    <Interval
      mean={of?.score_mean ?? of?.pass_rate ?? null}
      low={of?.score_low ?? null}
      high={of?.score_high ?? null}
    />
  );
}

/** A mean with its 95 % interval between two ends of a scale; zero is a line where it is inside. */
export function Interval({ mean, low, high, from = 0, to = 1 }: {
  mean: number | null;
  low: number | null;
  high: number | null;
  from?: number;
  to?: number;
}) {
  if (mean === null) return <span class="hint">–</span>;
  const x = (value: number) =>
    100 * Math.min(1, Math.max(0, (value - from) / Math.max(to - from, 1e-9)));
  // A scale with a zero inside is one of differences.
  const format = from < 0 ? toSigned : toScore;
  const words = describeMean(mean, low, high, format);
  return (
    <span class="interval" title={words}>
      <svg
        viewBox="0 0 100 14"
        preserveAspectRatio="none"
        role="img"
        aria-label={words}
      >
        <rect class="track" x="0" y="6" width="100" height="2" />
        {from < 0 && <rect class="zero" x={x(0)} y="0" width="1" height="14" />}
        {low !== null && high !== null && (
          <rect
            class="span"
            x={x(low)}
            y="4"
            width={Math.max(1, x(high) - x(low))}
            height="6"
          />
        )}
        <rect class="mean" x={x(mean) - 1} y="1" width="2" height="12" />
      </svg>{" "}
      <span>{format(mean)}</span>
    </span>
  );
}
