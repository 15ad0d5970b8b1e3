import type { Terminal } from "./command.ts";

/** What is being counted. */
export interface ProgressSettings {
  total: number;
  unit: string;
  /** Turns a count into text, such as bytes into megabytes; default: as it is. */
  show?(count: number): string;
  now(): number;
}

/** How often the line is drawn anew, in milliseconds. */
const DRAW_EVERY = 100;

/** A bar as wide as `columns` allow, full only when all is done, and the facts that are not "". */
export function drawBar(
  done: number,
  total: number,
  facts: string[],
  columns: number,
): string {
  const told = facts.filter(Boolean).join("  ");
  const width = Math.max(10, Math.min(40, columns - told.length - 6));
  const full = total === 0 ? width : Math.floor(width * done / total);
  return `  ${"█".repeat(full)}${"░".repeat(width - full)}  ${told}`;
}

/** A line with bar, rate and time left, on a terminal; in a pipe nothing. */
export function createProgressMeter(
  { total, unit, show = String, now }: ProgressSettings,
  terminal: Pick<Terminal, "isLive" | "columns" | "update">,
) {
  const startedAt = now();
  let drawnAt = -Infinity;
  let done = 0;

  function draw(end = "") {
    const seconds = (now() - startedAt) / 1000;
    const rate = seconds > 0 ? done / seconds : 0;
    const left = rate > 0 ? Math.ceil((total - done) / rate) : undefined;
    const facts = [
      `${show(done)}/${show(total)} ${unit}`,
      rate > 0 ? `${show(Math.round(rate * 10) / 10)}/s` : "",
      left ? `${left} s left` : "",
    ];
    terminal.update(drawBar(done, total, facts, terminal.columns) + end);
  }

  return {
    add(count: number): void {
      done += count;
      if (!terminal.isLive || now() - drawnAt < DRAW_EVERY) return;
      drawnAt = now();
      draw();
    },
    end(): void {
      if (!terminal.isLive) return;
      draw("\n");
    },
  };
}
