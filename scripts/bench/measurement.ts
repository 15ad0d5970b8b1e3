/** One figure of a benchmark. */
export interface Measurement {
  name: string;
  value: number;
  unit: string;
  /** What a bare loop or the machine reached in the same run, in the same unit. */
  limit?: number;
  /** `value` against `limit`; above 1 is better than the limit. */
  ratio?: number;
  /** The ratio or value that is aimed at, in words. */
  goal?: string;
  /** True for what is printed and not written down: figures of others' tools. */
  printedOnly?: boolean;
}

/** A benchmark gives its figures as it finds them. */
export type Benchmark = () => AsyncIterable<Measurement>;

/** The value in the middle; the mean of the two middle ones of an even number. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? sorted[Math.floor(middle)]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The smallest value that `share` of the values do not exceed. */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
