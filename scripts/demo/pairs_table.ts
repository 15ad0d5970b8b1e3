import Table from "cli-table3";
import { toVisible } from "../pipeline/visible_text.ts";

/** A prompt and what the model answered. */
export interface Pair {
  prompt: string;
  response: string;
  /** Milliseconds. */
  duration: number;
  /** Input and output; null when the API does not tell. */
  tokens: number | null;
}

/** Lines of a cell; longer texts end with an ellipsis. */
const CELL_LINES = 3;
const NUMBER_WIDTH = 8;

/** A table of pairs that fits into `columns`, at most 110 wide. */
export function drawPairs(pairs: Pair[], columns: number): string {
  const borders = 5;
  const room = Math.max(60, Math.min(columns, 110)) - borders -
    2 * NUMBER_WIDTH;
  const width = Math.floor(room / 2);
  const table = new Table({
    head: ["prompt", "response", "ms", "tokens"],
    colWidths: [room - width, width, NUMBER_WIDTH, NUMBER_WIDTH],
    colAligns: ["left", "left", "right", "right"],
    // Its colours would be escape codes in a pipe.
    style: { head: [], border: [] },
  });
  for (const { prompt, response, duration, tokens } of pairs) {
    table.push([
      shorten(prompt, room - width - 2),
      shorten(response, width - 2),
      duration,
      tokens ?? "",
    ]);
  }
  return table.toString();
}

/** The start of a text in lines of at most `width` characters. */
function shorten(text: string, width: number): string {
  const lines: string[] = [];
  let rest = toVisible(text.replace(/\s+/g, " ").trim());
  while (rest !== "" && lines.length < CELL_LINES) {
    const space = rest.lastIndexOf(" ", width);
    const end = rest.length <= width ? rest.length : space > 0 ? space : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  const last = lines.at(-1) ?? "";
  if (rest === "") return lines.join("\n");
  return [...lines.slice(0, -1), `${last.slice(0, width - 2).trimEnd()} …`]
    .join("\n");
}
