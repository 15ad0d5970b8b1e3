import { describeProgress, type RunProgress } from "./run_progress.ts";
import type { Screen } from "./screen.ts";

/** What followProgress() needs. */
export interface RunWatch<Progress extends RunProgress> {
  read(): Promise<Progress>;
  screen: Pick<Screen, "isTerminal" | "columns" | "print" | "update">;
  /** Waits before the next look; milliseconds. Rejects when following is to end. */
  wait(milliseconds: number): Promise<unknown>;
  /** Milliseconds. */
  now(): number;
}

/** A pipe gets a line after so many milliseconds, if anything has moved. */
const LINE_EVERY = 2_000;

/**
 * Shows how far a run is until it has ended or is paused: a live bar on a
 * terminal, a line every 2 s in a pipe.
 */
export async function followProgress<Progress extends RunProgress>(
  { read, screen, wait, now }: RunWatch<Progress>,
): Promise<Progress> {
  let shownAt = now();
  let shownDone = 0;
  for (;;) {
    const progress = await read();
    const ended = !["queued", "running"].includes(progress.status);
    const line = describeProgress(progress, screen.columns);
    if (screen.isTerminal) screen.update(line);
    const isDue = now() - shownAt >= LINE_EVERY && progress.done > shownDone;
    if (ended || (isDue && !screen.isTerminal)) {
      screen.print(line);
      shownAt = now();
      shownDone = progress.done;
    }
    if (ended) return progress;
    await wait(100);
  }
}
