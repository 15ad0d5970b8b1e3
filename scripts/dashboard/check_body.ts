import { ROWS } from "./passed_on.ts";

/** A body that is not passed on, and why. */
export class RefusedBody extends Error {
  override readonly name = "RefusedBody";
}

/** The names of the tables that prompt_sources() finds, anew where the one that is wanted is not known. */
export type FindTables = (wanted: string) => Promise<string[]>;

/**
 * A body as it is passed on: what was looked at, written anew. The page cannot send anything to another
 * origin, and the project shall not do it for the page: a new run says neither a webhook nor headers,
 * and its owner is the project.
 *
 * @param called the function of the Data API
 * @throws {RefusedBody}
 */
export async function checkRow(
  called: string,
  body: string,
  findTables: FindTables,
): Promise<string> {
  const { argument, columns } = ROWS[called];
  const { idempotency_key, ...given } = readObject(body);
  const { [argument]: row, ...others } = given;
  refuseUnknown("argument", Object.keys(others), []);
  if (!isObject(row)) throw new RefusedBody(`${argument} is no object`);
  refuseUnknown("column", Object.keys(row), columns);
  if ("source" in row) await refuseSource(row.source, findTables);
  if (isObject(row.options) && "headers" in row.options) {
    throw new RefusedBody("The dashboard sends no headers of its own");
  }
  for (const evaluator of [row.evaluators ?? []].flat()) {
    if (isObject(evaluator) && evaluator.type === "webhook") {
      throw new RefusedBody(
        "The dashboard starts no evaluator that sends answers elsewhere; run the SQL instead",
      );
    }
  }
  return JSON.stringify({ [argument]: row, idempotency_key });
}

/**
 * A question to extract-prompts that is answered with counts and a few beginnings of prompts, never with
 * all of them: with the secret key it could read every bucket.
 *
 * @throws {RefusedBody}
 */
export async function asDryRun(
  body: string,
  findTables: FindTables,
): Promise<string> {
  const given = readObject(body);
  if ("directory" in given) {
    throw new RefusedBody("The dashboard reads no directory");
  }
  await refuseSource(given.dataSource, findTables);
  return JSON.stringify({ ...given, dryRun: true });
}

/** What the screens offer. The others would read files with the secret key. */
const SOURCES: unknown[] = ["supabase", "table", "set", "run", "prompts"];

async function refuseSource(
  source: unknown,
  findTables: FindTables,
): Promise<void> {
  if (!isObject(source) || !SOURCES.includes(source.type)) {
    throw new RefusedBody(
      `The dashboard takes prompts from ${SOURCES.join(", ")} and nothing else`,
    );
  }
  if (source.type !== "table") return;
  if (Object.values(Object(source.columns)).some(isObject)) {
    throw new RefusedBody(
      "The dashboard joins no other table; run the SQL instead",
    );
  }
  const table = String(source.table);
  const found = await findTables(table);
  if (found.includes(table)) return;
  const meant = found.find((name) => name.split(".")[1] === table);
  throw new RefusedBody(
    !table.includes(".")
      ? `The dashboard takes a table with its schema: write "${
        meant ?? `public.${table}`
      }"`
      : `The dashboard reads tables that look like conversations, as its screen of tables lists them, and "${table}" is none; run the SQL instead`,
  );
}

function readObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RefusedBody("The request is no JSON", { cause: error });
  }
  if (isObject(value)) return value;
  throw new RefusedBody("The request is no object");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuseUnknown(what: string, given: string[], known: string[]): void {
  const unknown = given.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new RefusedBody(`The dashboard does not write ${what} "${unknown}"`);
  }
}
