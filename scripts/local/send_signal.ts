/** Signals a process; one that has ended already needs no signal any more. */
export function sendSignal(
  process: Pick<Deno.ChildProcess, "kill">,
  signal: Deno.Signal,
): void {
  try {
    process.kill(signal);
  } catch (error) {
    // Deno says so with "Child process has already terminated".
    if (!(error instanceof TypeError)) throw error;
  }
}
