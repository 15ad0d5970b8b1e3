/** A table of Markdown, before `deno fmt` lays it out. */
export function toTable(head: string[], rows: string[][]): string {
  return [head, head.map(() => "-"), ...rows].map((row) =>
    `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`
  ).join("");
}
