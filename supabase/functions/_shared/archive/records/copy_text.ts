const ESCAPES: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/**
 * A cell of PostgreSQL's `COPY` in its text format; null for `\N`.
 * https://www.postgresql.org/docs/current/sql-copy.html
 */
export function readCopyCell(cell: string): string | null {
  if (cell === "\\N") return null;
  if (!cell.includes("\\")) return cell;
  return cell.replace(
    /\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|[^])/g,
    (_, escape: string) =>
      ESCAPES[escape] ??
        (/^x./.test(escape)
          ? String.fromCharCode(parseInt(escape.slice(1), 16))
          : /^[0-7]/.test(escape)
          ? String.fromCharCode(parseInt(escape, 8))
          : escape),
  );
}
