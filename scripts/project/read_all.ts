/** The most rows that the Data API gives at once, unless a project sets another "Max rows". */
const ROWS_OF_A_PAGE = 1_000;

/**
 * Reads all pages of a question whose rows have a total order. Only an empty page is the last: a shorter
 * one may be cut by "Max rows", and nothing in an answer says so (PostgREST/postgrest#2776).
 *
 * @param ask gives rows `from` to `to`, both included and counted from 0
 */
export async function readAll<Row>(
  ask: (from: number, to: number) => PromiseLike<Row[]>,
): Promise<Row[]> {
  const rows: Row[] = [];
  let page: Row[];
  do {
    page = await ask(rows.length, rows.length + ROWS_OF_A_PAGE - 1);
    rows.push(...page);
  } while (page.length > 0);
  return rows;
}
