/** How far something was at a moment. */
export interface Moment {
  seconds: number;
  done: number;
  memoryMb: number;
}

/** A tenth of what was to be done. */
export interface Tenth {
  /** Of them a second. */
  rate: number;
  /** The most memory that was seen in it. */
  memoryMb: number;
}

/** What each tenth took, from moments in their order, the first of them before anything was done. */
export function toTenths(moments: Moment[], total: number): Tenth[] {
  return Array.from({ length: 10 }, (_, tenth) => {
    const from = secondsAt(moments, tenth * total / 10);
    const to = secondsAt(moments, (tenth + 1) * total / 10);
    const next = moments.findIndex(({ seconds }) => seconds >= to);
    const seen = moments.slice(0, next + 1).filter(({ seconds }) =>
      seconds > from
    );
    return {
      rate: total / 10 / (to - from),
      memoryMb: Math.max(...seen.map(({ memoryMb }) => memoryMb)),
    };
  });
}

/** When so many were done: between two moments as if at an even pace. */
function secondsAt(moments: Moment[], done: number): number {
  const next = moments.findIndex((moment) => moment.done >= done);
  if (next < 1) return moments[0].seconds;
  const before = moments[next - 1];
  const after = moments[next];
  return before.seconds +
    (after.seconds - before.seconds) * (done - before.done) /
      (after.done - before.done);
}
