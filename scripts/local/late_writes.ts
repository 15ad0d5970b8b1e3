let ignored = false;

/**
 * Keeps this process alive when a PostgreSQL server is killed at the wrong
 * moment: postgres 3.4.9 then writes to a connection that it has given up
 * already, in a callback where nobody can catch the error. The query itself has
 * been rejected by then. Every other error stays uncaught.
 */
export function ignoreLateWrites(): void {
  if (ignored) return;
  ignored = true;
  globalThis.addEventListener("error", (event) => {
    if (isLateWrite(event.error)) event.preventDefault();
  });
}

/** Whether an error is the one described above. */
export function isLateWrite(error: unknown): boolean {
  return error instanceof TypeError &&
    error.message.includes("null (reading 'write')") &&
    /nextWrite .*\/postgres\//.test(error.stack ?? "");
}
