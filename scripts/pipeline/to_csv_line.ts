const FORMULA = /^[=+\-@\t\r＝＋－＠]/;

/**
 * One line of a CSV file (RFC 4180). A text that a spreadsheet would take for a formula gets a `'` in
 * front, the full-width signs of a Japanese Excel too: archives hold texts of strangers.
 */
export function toCsvLine(values: unknown[]): string {
  return values.map((value) => {
    if (value === null || value === undefined) return "";
    const text = typeof value === "object"
      ? JSON.stringify(value)
      : String(value);
    const safe = typeof value === "string" && FORMULA.test(text)
      ? `'${text}`
      : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }).join(",");
}

/** The text of a cell as it was before toCsvLine() guarded it. */
export function withoutGuard(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell.slice(1))
    ? cell.slice(1)
    : cell;
}
