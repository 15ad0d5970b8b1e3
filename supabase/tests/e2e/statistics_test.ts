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

/** Exact two-sided McNemar test in whole numbers, without logarithms or rounding before the end. */
function mcnemar(gained: number, lost: number): number {
  const pairs = BigInt(gained + lost);
  let term = 1n;
  let tail = 0n;
  for (let k = 0n; k <= BigInt(Math.min(gained, lost)); k++) {
    tail += term;
    term = term * (pairs - k) / (k + 1n);
  }
  const scale = 10n ** 18n;
  return Math.min(1, Number(2n * tail * scale / 2n ** pairs) / 1e18);
}

/** The paired bootstrap as the textbook has it: every resample draws every pair by itself. */
function bootstrap(differences: number[], resamples: number): number[] {
  const random = createRandom(7);
  const means = Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let draw = 0; draw < differences.length; draw++) {
      sum += differences[Math.floor(random() * differences.length)];
    }
    return sum / differences.length;
  }).toSorted((a, b) => a - b);
  return [0.025, 0.975].map((share) => means[Math.floor(share * resamples)]);
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
    assert(
      Math.abs(row.mcnemar_p - mcnemar(gained, lost)) < 1e-9,
      `p of ${gained} to ${lost}: ${row.mcnemar_p}, not ${
        mcnemar(gained, lost)
      }`,
    );
    const mean = differences.reduce((a, b) => a + b) / count;
    assert(Math.abs(row.difference - mean) < 1e-9);
    const [low, high] = bootstrap(differences, 10_000);
    // Ends from 1,000 resamples scatter by about 2 % of the width; above 100 pairs only those
    // that are computed here are random.
    const tolerance = (count > 100 ? 0.03 : 0.1) * (high - low);
    assert(
      Math.abs(row.difference_low - low) < tolerance &&
        Math.abs(row.difference_high - high) < tolerance,
      `interval of ${count} pairs: ${row.difference_low} to ${row.difference_high}, not ${low} to ${high}`,
    );
  }
});

Deno.test("mcnemar_p() is exact from one pair to many thousands", async () => {
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
      select pipeline.mcnemar_p(${gained}, ${lost}) as p
    `;
    const expected = gained === lost ? 1 : mcnemar(gained, lost);
    assert(
      Math.abs(p - expected) <= 1e-9 * Math.max(expected, 1e-6),
      `${gained} to ${lost}: ${p}, not ${expected}`,
    );
  }
});
