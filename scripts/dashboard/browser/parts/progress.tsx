import { toNumber } from "./formats.ts";

/** How far something is: a bar and the figures. */
export function Progress(
  { done, total, failed = 0, label }: {
    done: number;
    total: number;
    failed?: number;
    label: string;
  },
) {
  const share = (count: number) => `${100 * count / Math.max(total, 1)}%`;
  return (
    <span class="progress">
      <span
        class="bar"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
      >
        <span class="good" style={{ width: share(done - failed) }} />
        <span class="bad" style={{ width: share(failed) }} />
      </span>{" "}
      <span class="figures">{toNumber(done)} of {toNumber(total)}</span>
    </span>
  );
}
