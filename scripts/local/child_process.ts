/**
 * How a process of the stack and the process that started it get along: the
 * child says on its first line of output on which port it listens, takes commands
 * by its standard input, and ends when that ends, which also happens when the
 * parent is killed.
 */
import { readLines } from "./lines.ts";
import { sendSignal } from "./send_signal.ts";

/** A child that listens. */
export interface ListeningChild {
  process: Deno.ChildProcess;
  port: number;
  /** Tells it something, in one line; nothing happens when it has ended. */
  command(line: string): void;
}

/** No line that is meant for people begins so. */
const reportMark = "\x01";

/** For the child: tells the parent something that is not for the log. */
export function sendReport(report: string): void {
  console.log(reportMark + report);
}

/**
 * For the child: tells the parent where it listens, and ends with the parent.
 *
 * @param obey told every line that the parent sends
 */
export function reportToParent(
  port: number,
  obey: (command: string) => void = () => {},
): void {
  console.log(`listening on ${port}`);
  readLines(Deno.stdin.readable, obey).finally(() => Deno.exit(0));
}

/**
 * For the parent: starts a Deno program and resolves when it listens. Its other
 * output goes to `log`, line by line.
 *
 * @param args arguments of the deno command
 * @throws Error with the last lines of the child's output when it ends instead
 */
export async function startListeningChild(
  args: string[],
  options: {
    name: string;
    /** Path of the executable, by default that of this process. */
    deno?: string;
    cwd: string;
    env: Record<string, string>;
    /** True hides the environment of this process from the child. */
    clearEnv: boolean;
    log: (line: string) => void;
    /** Ends the child. */
    signal?: AbortSignal;
    /** Told what the child has to say to the parent alone, see sendReport(). */
    onReport?: (report: string) => void;
  },
): Promise<ListeningChild> {
  const { name, deno = Deno.execPath(), log, onReport, ...rest } = options;
  const process = new Deno.Command(deno, {
    args,
    ...rest,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    // Ctrl-C goes to the whole process group; the stack stops its parts in order.
    detached: true,
  }).spawn();
  const recent: string[] = [];
  const { promise: listening, resolve } = Promise.withResolvers<number>();
  let reported = false;
  const take = (line: string) => {
    const port = !reported && /^listening on (\d+)$/.exec(line)?.[1];
    if (port) {
      reported = true;
      return resolve(Number(port));
    }
    if (onReport && line.startsWith(reportMark)) {
      return onReport(line.slice(reportMark.length));
    }
    if (recent.push(line) > 20) recent.shift();
    log(line);
  };
  const output = Promise.all([
    readLines(process.stdout, take),
    readLines(process.stderr, take),
  ]);
  const port = await Promise.race([listening, process.status]);
  if (typeof port === "number") {
    const input = process.stdin.getWriter();
    return {
      process,
      port,
      command(line) {
        // It fails only for a child that has ended, and needs no command then.
        input.write(new TextEncoder().encode(`${line}\n`)).catch(() => {});
      },
    };
  }
  await output;
  throw new Error(`Cannot start ${name}: ${recent.join("\n  ")}`);
}

/** Ends a child: with SIGTERM, and with SIGKILL when it has not ended in time. */
export async function endChild(
  process: Deno.ChildProcess,
  patience: number = 5_000,
): Promise<void> {
  sendSignal(process, "SIGTERM");
  const timer = setTimeout(() => sendSignal(process, "SIGKILL"), patience);
  await process.status;
  clearTimeout(timer);
}
