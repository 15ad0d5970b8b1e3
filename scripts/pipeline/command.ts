/** What a command has to do with its surroundings; tests give another. */
export interface Terminal {
  environment: Record<string, string | undefined>;
  fetch: typeof globalThis.fetch;
  /** A line to standard output: the result, fit for a pipe. */
  print(line: string): void;
  /** A line to standard error: progress and problems. */
  complain(line: string): void;
  /** Replaces the last line of standard error; only where `isLive`. */
  update(line: string): void;
  /** Whether standard error is a terminal, so that a line may be replaced. */
  isLive: boolean;
  columns: number;
  /** All of standard input. */
  readInput(): Promise<string>;
  /** A line that is not shown while it is typed; null where nobody can type. */
  askHidden(question: string): Promise<string | null>;
  /** Whether the user says yes; null where nobody can be asked. */
  confirm(question: string): Promise<boolean | null>;
  /** Resolves when the user presses Ctrl-C; from then on it no longer ends the program. */
  interrupted(): Promise<void>;
}

/** A subcommand. */
export interface Command {
  summary: string;
  help: string;
  /** Exit code where nothing could be done; default 1. */
  errorCode?: number;
  /** @returns the exit code */
  run(args: string[], terminal: Terminal): Promise<number>;
}

/** Exit codes, as `--help` lists them. */
export const EXIT = {
  done: 0,
  failed: 1,
  wrongUsage: 2,
  somethingFailed: 3,
  runNotCompleted: 4,
  interrupted: 130,
} as const;

/** The command was not called as it should be. */
export class WrongUsage extends Error {
  override readonly name = "WrongUsage";
}
