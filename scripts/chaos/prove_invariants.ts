import type { Sql } from "postgres";
import { supabaseFolder } from "../local/checkout.ts";
import { startProjectDatabase } from "../test/test_database.ts";
import { breakFunction } from "./break_function.ts";
import { BROKEN_BUILDS, type BrokenBuild } from "./broken_builds.ts";
import { HARM } from "./find_harm.ts";
import { playScenario } from "./play_scenario.ts";

/** What was said of a build. */
export interface Proof {
  build: Pick<BrokenBuild, "name" | "breaks">;
  reported: string[];
}

/** The build as it is, in which nothing may be broken. */
const SOUND: BrokenBuild = { name: "no change", changes: [], breaks: [] };

/**
 * Breaks the build in one way after the other, plays the same scenario on each, and
 * asks which invariants hold. Each is undone before the next, so a single new
 * database does for all.
 */
export async function proveInvariants(): Promise<Proof[]> {
  await using database = await startProjectDatabase();
  const proofs: Proof[] = [];
  for (const build of [SOUND, ...BROKEN_BUILDS]) {
    proofs.push({ build, reported: await tryBuild(database.sql, build) });
  }
  return proofs;
}

/** True when all that the build breaks was reported, and nothing of a sound one. */
export function isProven({ build, reported }: Proof): boolean {
  return build.breaks.every((invariant) => reported.includes(invariant)) &&
    (build.breaks.length > 0 || reported.length === 0);
}

/** The names of the invariants, in the words of check_pipeline_invariants() and of HARM. */
export async function readInvariants(): Promise<string[]> {
  const text = await Deno.readTextFile(
    `${supabaseFolder}/schemas/people/invariants.sql`,
  );
  const names = text.matchAll(/^ +'([^'%]+)',$/gm);
  return [...Array.from(names, ([, name]) => name), ...Object.values(HARM)];
}

async function tryBuild(sql: Sql, build: BrokenBuild): Promise<string[]> {
  let reported: string[] = [];
  const undo = new Error("undo");
  await sql.begin(async (transaction) => {
    for (const change of build.changes) {
      await breakFunction(transaction, change);
    }
    for (const { table, constraint } of build.dropConstraints ?? []) {
      await transaction.unsafe(
        `alter table ${table} drop constraint ${constraint}`,
      );
    }
    const broken = await playScenario(transaction);
    reported = [...new Set(broken.map((rule) => rule.broken))].sort();
    throw undo;
  }).catch((error) => {
    if (error !== undo) throw error;
  });
  return reported;
}
