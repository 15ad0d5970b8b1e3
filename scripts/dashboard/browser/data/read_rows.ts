import type { PostgrestClient } from "@supabase/postgrest-js";
import { dataOf, project } from "./project.ts";

/** Which rows of a table or view are read. */
export interface RowChoice {
  /** Names with commas between them; absent: all. */
  columns?: string;
  /** What columns hold; a choice that is undefined or "" is none. */
  where?: Record<string, string | number | boolean | null | undefined>;
  /** By which columns; `-id` begins with the highest. */
  order: string[];
  /** The first column stands behind this value; undefined or "" is none. */
  after?: string;
  /** The first and the last of them, counted from 0. */
  range?: [from: number, to: number];
  most?: number;
}

/** Reads rows. @throws Error saying what the project said */
export async function readRows<Row>(
  relation: string,
  { columns, where = {}, order, after, range, most }: RowChoice,
  signal: AbortSignal,
): Promise<Row[]> {
  // Generated types take every column of a view for one that may be null: a Row says which are.
  const rest = project().rest as unknown as PostgrestClient;
  let query = rest.from(relation).select(columns).abortSignal(signal);
  for (const [column, value] of Object.entries(where)) {
    if (value === null) query = query.is(column, null);
    else if (value !== undefined && value !== "") {
      query = query.eq(column, value);
    }
  }
  order.forEach((by, place) => {
    const ascending = !by.startsWith("-");
    const column = by.replace("-", "");
    query = query.order(column, { ascending });
    if (place > 0 || !after) return;
    query = ascending ? query.gt(column, after) : query.lt(column, after);
  });
  if (range) query = query.range(...range);
  if (most !== undefined) query = query.limit(most);
  return dataOf(await query) as Row[];
}

/** The row that is meant. @throws Error there is none */
export async function readRow<Row>(
  kind: string,
  id: string,
  relation: string,
  columns: string,
  signal: AbortSignal,
): Promise<Row> {
  const [row] = await readRows<Row>(relation, {
    columns,
    where: { id },
    order: [],
  }, signal);
  if (row) return row;
  throw new Error(`There is no ${kind} ${id}`);
}
