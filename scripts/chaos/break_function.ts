import type { Sql } from "postgres";

/** A change of a function's text that makes it wrong. */
export interface Change {
  /** Its name with the schema; there must be one of that name. */
  function: string;
  /** A part of its text that occurs once; white space of any kind is the same. */
  from: string;
  to: string;
}

/**
 * Replaces a function of the database by one that is wrong.
 *
 * @throws Error when the text is not there or not unique, so that a broken build
 *   which is no longer broken is noticed
 */
export async function breakFunction(
  sql: Pick<Sql, "unsafe">,
  { function: name, from, to }: Change,
): Promise<void> {
  const [{ definition }] = await sql.unsafe(
    "select pg_get_functiondef($1::regproc) as definition",
    [name],
  );
  const words = from.trim().split(/\s+/).map((word) => RegExp.escape(word));
  const pattern = new RegExp(words.join("\\s+"), "g");
  const times = [...definition.matchAll(pattern)].length;
  if (times !== 1) {
    throw new Error(
      `Cannot break ${name}: it holds "${from}" ${times} times. Write a part that it holds once into scripts/chaos/broken_builds.ts`,
    );
  }
  await sql.unsafe(definition.replace(pattern, () => to)).simple();
}
