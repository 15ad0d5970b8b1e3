import { styleText } from "node:util";

/** Where text can be shown: standard output, or a list in a test. */
export interface Output {
  write(text: string): void;
  /** False for a pipe or a file: no escape codes, no line that changes. */
  isTerminal: boolean;
  /** Characters in a line. */
  columns: number;
}

/** Shows lines, and below them one line that changes. */
export interface Screen {
  readonly isTerminal: boolean;
  readonly columns: number;
  print(text?: string): void;
  /** Replaces the changing line; a pipe gets nothing. */
  update(text: string): void;
  bold(text: string): string;
  dim(text: string): string;
}

/** Draws on the given output. */
export function createScreen(
  { write, isTerminal, columns }: Output,
  useColour: boolean,
): Screen {
  let changing = false;
  const style = (name: "bold" | "dim", text: string) =>
    isTerminal && useColour
      ? styleText(name, text, { validateStream: false })
      : text;
  return {
    isTerminal,
    columns,
    print(text = "") {
      if (changing) write("\r\x1b[K");
      changing = false;
      write(`${text}\n`);
    },
    update(text) {
      if (!isTerminal) return;
      changing = true;
      // The last column stays empty: some terminals wrap as soon as it is written.
      write(`\r\x1b[K${text.slice(0, columns - 1)}`);
    },
    bold: (text) => style("bold", text),
    dim: (text) => style("dim", text),
  };
}

/** The screen of this process. */
export function openScreen(): Screen {
  const isTerminal = Deno.stdout.isTerminal() &&
    Deno.env.get("TERM") !== "dumb";
  const encoder = new TextEncoder();
  return createScreen({
    write: (text) => writeAll(encoder.encode(text)),
    isTerminal,
    // A window that does not tell its size reports 0.
    columns: (isTerminal && Deno.consoleSize().columns) || 80,
  }, !Deno.env.get("NO_COLOR"));
}

function writeAll(bytes: Uint8Array): void {
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}
