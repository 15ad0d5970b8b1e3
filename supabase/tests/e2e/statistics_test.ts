import { assert, assertEquals } from "@std/assert";
import type { Sql } from "postgres";
import { startProjectDatabase } from "../../../scripts/test/test_database.ts";

/** Repeatable numbers from 0 to 1: mulberry32, so that a failure can be looked into. */
function createRandom(seed: number): () => number {
  return () => {
    seed = seed + 0x6D2B79F5 | 0;
    let mixed = Math.imul(seed ^ seed >>> 15, 1 | seed);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}

/** Two-sided mid-p of McNemar in whole numbers, without logarithms or rounding before the end. */
function midP(gained: number, lost: number): number {
  if (gained === lost) return 1;
  const pairs = BigInt(gained + lost);
  let term = 1n;
  let below = 0n;
  for (let k = 0n; k < BigInt(Math.min(gained, lost)); k++) {
    below += term;
    term = term * (pairs - k) / (k + 1n);
  }
  const scale = 10n ** 18n;
  return Number((2n * below + term) * scale / 2n ** pairs) / 1e18;
}

/** Two-sided p of Student's t: its density by Simpson's rule, without special functions. */
function studentP(t: number, freedom: number): number {
  const density = (x: number) =>
    Math.exp(-(freedom + 1) / 2 * Math.log1p(x * x / freedom));
  const integral = (from: number, to: number) => {
    const steps = 20_000;
    const width = (to - from) / steps;
    let sum = density(from) + density(to);
    for (let step = 1; step < steps; step++) {
      sum += (step % 2 === 1 ? 4 : 2) * density(from + step * width);
    }
    return sum * width / 3;
  };
  const within = integral(0, t);
  return 1 - within / (within + integral(t, t + 200));
}

/** The interval of statistics by half a pair on either side, and its p, as sums of the pairs. */
function plusOne(
  differences: number[],
): [low: number, high: number, p: number] {
  const pairs = differences.length;
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  const largest = Math.max(...differences.map(Math.abs)) || 1;
  const mean = sum(differences) / (pairs + 1);
  const square = sum(differences.map((d) => d * d)) + largest ** 2;
  const error = Math.sqrt((square / (pairs + 1) - mean ** 2) / pairs);
  let [least, most] = [1, 13];
  while (most - least > 1e-9) {
    const middle = (least + most) / 2;
    if (studentP(middle, pairs - 1) > 0.05) least = middle;
    else most = middle;
  }
  return [
    mean - least * error,
    mean + least * error,
    studentP(Math.abs(mean) / error, pairs - 1),
  ];
}

function assertClose(found: number, expected: number, within: number): void {
  assert(Math.abs(found - expected) < within, `${found}, not ${expected}`);
}

interface Pair {
  old: number;
  new: number;
}

async function store(sql: Sql, pairs: Pair[]): Promise<void> {
  await sql`truncate prompt_evaluations, evaluation_scores`;
  for (const side of ["old", "new"] as const) {
    const scores = pairs.map((pair) => pair[side]);
    await sql`
      with stored as (
        insert into prompt_evaluations (prompt_key, prompt, response, success, experiment_name)
        select n::text, 'p', 'r', true, ${side}
        from generate_series(1, ${pairs.length}::integer) as n
        returning id, prompt_key
      )
      insert into evaluation_scores (evaluation_id, evaluator, score, passed)
      select stored.id, 'judge', given.score, given.score >= 0.5
      from unnest(${scores}::double precision[]) with ordinality as given (score, n)
      join stored on stored.prompt_key = given.n::text
    `;
  }
}

/** Many small wins and a few that are large, so that the interval is not symmetric. */
function createSkewedPairs(count: number): Pair[] {
  const random = createRandom(count);
  return Array.from({ length: count }, () => ({
    old: 0,
    new: Math.log(1 - random()) ** 2,
  }));
}

function createPairs(count: number, gain: number): Pair[] {
  const random = createRandom(count);
  return Array.from({ length: count }, () => {
    const old = random();
    return { old, new: Math.min(1, 0.5 * old + 0.5 * random() + gain) };
  });
}

Deno.test("compare_experiments() agrees with independent statistics", async () => {
  await using database = await startProjectDatabase();
  const { sql } = database;
  for (
    const pairs of [
      createPairs(12, 0.1),
      createPairs(100, 0.02),
      createPairs(101, 0.02),
      createPairs(3000, 0.01),
      createSkewedPairs(150),
    ]
  ) {
    const count = pairs.length;
    await store(sql, pairs);
    const [row] = await sql`
      select * from compare_experiments('old', 'new', 'judge')
    `;
    const passes = (value: number) => value >= 0.5;
    const gained = pairs.filter((pair) =>
      passes(pair.new) && !passes(pair.old)
    ).length;
    const lost =
      pairs.filter((pair) => passes(pair.old) && !passes(pair.new)).length;
    const differences = pairs.map((pair) => pair.new - pair.old);
    assertEquals(
      {
        pairs: Number(row.pairs),
        wins: Number(row.wins),
        losses: Number(row.losses),
        gained: Number(row.gained),
        lost: Number(row.lost),
      },
      {
        pairs: count,
        wins: differences.filter((difference) => difference > 0).length,
        losses: differences.filter((difference) => difference < 0).length,
        gained,
        lost,
      },
    );
    assertClose(row.exact_p, midP(gained, lost), 1e-9);
    const mean = differences.reduce((a, b) => a + b) / count;
    assertClose(row.difference, mean, 1e-9);
    const [low, high, p] = plusOne(differences);
    assertClose(row.difference_low, low, 1e-6);
    assertClose(row.difference_high, high, 1e-6);
    assertClose(row.p, p, 1e-6);
  }
});

Deno.test("exact_p() is exact from one pair to many thousands", async () => {
  await using database = await startProjectDatabase();
  const { sql } = database;
  for (
    const [gained, lost] of [
      [0, 0],
      [1, 0],
      [0, 6],
      [5, 1],
      [10, 10],
      [40, 17],
      [600, 521],
      [5_100, 5_000],
      [20_000, 20_400],
    ]
  ) {
    const [{ p }] = await sql`
      select pipeline.exact_p(${gained}, ${lost}) as p
    `;
    const expected = midP(gained, lost);
    assert(
      Math.abs(p - expected) <= 1e-9 * Math.max(expected, 1e-6),
      `${gained} to ${lost}: ${p}, not ${expected}`,
    );
  }
});
