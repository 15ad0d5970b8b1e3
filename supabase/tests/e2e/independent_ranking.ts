/** An answer as it is stored, with what an evaluator says of it. */
export interface Answer {
  experiment: string;
  promptKey: string;
  score: number | null;
  passed: boolean | null;
  durationMs: number;
  cost: number;
}

/** What rank_experiments() says of an experiment that was asked everything, in the order of names. */
export interface Ranked {
  experiment: string;
  rank: number;
  prompts: number;
  unscored: number;
  answers: number;
  mean: number;
  low: number;
  high: number;
  difference: number | null;
  differenceLow: number | null;
  differenceHigh: number | null;
  p: number | null;
  pAdjusted: number | null;
  detectable: number | null;
  passAtK: number;
  passHatK: number;
  latencyMs: number;
  cost: number;
}

/**
 * The ranking of experiments by scores from 0 to 1, computed from the answers alone, prompt by prompt, and by other ways
 * than the database goes: Student's distribution by an integral, draws by counting them.
 */
export function rankIndependently(answers: Answer[], k: number): Ranked[] {
  const prompts = new Set(answers.map(({ promptKey }) => promptKey));
  const sides = Map.groupBy(answers, ({ experiment }) => experiment);
  const scores = new Map([...sides].map(([name, rows]) => [
    name,
    new Map(
      [...Map.groupBy(rows, ({ promptKey }) => promptKey)]
        .filter(([, same]) => same.some(({ score }) => score !== null))
        .map(([key, same]) => [key, {
          mean: meanOf(same.flatMap(({ score }) => score ?? [])),
          passes: same.filter(({ passed }) => passed).length,
          judged: same.filter(({ passed }) => passed !== null).length,
        }]),
    ),
  ]));
  const names = [...sides.keys()].sort();
  const tests = names.flatMap((one, place) =>
    names.slice(place + 1).map((other) => ({
      one,
      other,
      ...compare(scores.get(one)!, scores.get(other)!),
    }))
  ).sort((a, b) => a.p - b.p);
  let largest = 0;
  const adjusted = tests.map((test, place) => {
    largest = Math.max(largest, (tests.length - place) * test.p);
    return { ...test, pAdjusted: Math.min(1, largest) };
  });
  const between = (one: string, other: string) => {
    const test = adjusted.find((test) =>
      [test.one, test.other].sort().join() === [one, other].sort().join()
    )!;
    return test.one === one ? test : {
      ...test,
      difference: -test.difference,
      low: -test.high,
      high: -test.low,
    };
  };
  const meanOfSide = (name: string) =>
    meanOf([...scores.get(name)!.values()].map(({ mean }) => mean));
  const ordered = [...names].sort((a, b) =>
    meanOfSide(b) - meanOfSide(a) || (a < b ? -1 : 1)
  );
  return ordered.map((name) => {
    const own = [...scores.get(name)!.values()];
    const rows = sides.get(name)!;
    const toLeader = name === ordered[0] ? null : between(name, ordered[0]);
    return {
      experiment: name,
      rank: 1 + names.filter((other) => {
        if (other === name) return false;
        const { high, pAdjusted } = between(name, other);
        return high < 0 && pAdjusted < 0.05;
      }).length,
      prompts: own.length,
      unscored: prompts.size - own.length,
      answers: rows.filter(({ score }) => score !== null).length,
      mean: meanOfSide(name),
      ...intervalOfShare(own.map(({ mean }) => mean)),
      difference: toLeader?.difference ?? null,
      differenceLow: toLeader?.low ?? null,
      differenceHigh: toLeader?.high ?? null,
      p: toLeader?.p ?? null,
      pAdjusted: toLeader?.pAdjusted ?? null,
      detectable: toLeader &&
        2.801585 * toLeader.deviation / Math.sqrt(toLeader.pairs),
      passAtK: meanOf(
        own.map(({ passes, judged }) =>
          1 - shareOfDraws(judged - passes, judged, k)
        ),
      ),
      passHatK: meanOf(
        own.map(({ passes, judged }) => shareOfDraws(passes, judged, k)),
      ),
      latencyMs: meanOf(
        [...Map.groupBy(rows, ({ promptKey }) => promptKey).values()]
          .map((same) => meanOf(same.map(({ durationMs }) => durationMs))),
      ),
      cost: rows.reduce((sum, { cost }) => sum + cost, 0),
    };
  });
}

/** The difference within prompts, with half a pair added at the largest one on either side. */
function compare(
  one: Map<string, { mean: number }>,
  other: Map<string, { mean: number }>,
) {
  const d = [...one].flatMap(([key, { mean }]) => {
    const there = other.get(key);
    return there ? [mean - there.mean] : [];
  });
  const n = d.length;
  const r = Math.max(...d.map(Math.abs)) || 1;
  const m = sum(d) / (n + 1);
  const v = (sum(d.map((x) => x * x)) + r * r) / (n + 1) - m * m;
  const half = studentQuantile(n - 1) * Math.sqrt(v / n);
  return {
    pairs: n,
    difference: sum(d) / n,
    low: Math.max(-1, m - half),
    high: Math.min(1, m + half),
    p: studentTails(Math.abs(m) / Math.sqrt(v / n), n - 1),
    deviation: Math.sqrt(v),
  };
}

/** Half a score is added at 0 and half a score at 1. */
function intervalOfShare(s: number[]): { low: number; high: number } {
  const n = s.length;
  const m = (sum(s) + 0.5) / (n + 1);
  const v = (sum(s.map((x) => x * x)) + 0.5) / (n + 1) - m * m;
  const half = studentQuantile(n - 1) * Math.sqrt(v / n);
  return { low: Math.max(0, m - half), high: Math.min(1, m + half) };
}

/** Of all ways to draw k of so many answers, the share that draws good ones only. */
function shareOfDraws(good: number, total: number, k: number): number {
  const draws = (from: number, left: number): number =>
    left === 0
      ? 1
      : sum(Array.from({ length: from }, (_, first) => draws(first, left - 1)));
  return draws(good, k) / draws(total, k);
}

/** The chance of a t beyond this on both sides: t is √df·tan of an angle that is spread as cos^(df−1). */
function studentTails(t: number, df: number): number {
  const density = (angle: number) => Math.cos(angle) ** (df - 1);
  const angle = Math.atan(t / Math.sqrt(df));
  return integral(density, angle, Math.PI / 2) /
    integral(density, 0, Math.PI / 2);
}

function studentQuantile(df: number): number {
  let [low, high] = [0, 100];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (studentTails(middle, df) > 0.05) low = middle;
    else high = middle;
  }
  return low;
}

/** By Simpson's rule. */
function integral(f: (x: number) => number, from: number, to: number): number {
  const steps = 4000;
  const width = (to - from) / steps;
  let total = f(from) + f(to);
  for (let step = 1; step < steps; step++) {
    total += (step % 2 === 1 ? 4 : 2) * f(from + step * width);
  }
  return total * width / 3;
}

function meanOf(values: number[]): number {
  return sum(values) / values.length;
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
