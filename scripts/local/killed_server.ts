let surviving = false;

/**
 * Keeps this process alive when a PostgreSQL server is killed at the wrong
 * moment, which postgres 3.4.9 does not in two cases: it writes to a connection
 * that it has given up already, and it reads the types of arrays for a new
 * connection, both where nobody can catch the error. The queries of the program
 * have been rejected by then, or are made on another connection; only one that is
 * made on a reserved connection after it was closed gets no answer, so whoever
 * reserves connections begins anew with the server. Every other error stays
 * uncaught.
 */
export function surviveKilledServer(): void {
  if (surviving) return;
  surviving = true;
  globalThis.addEventListener("error", (event) => {
    if (isLateWrite(event.error)) event.preventDefault();
  });
  globalThis.addEventListener("unhandledrejection", (event) => {
    if (isLateWrite(event.reason) || isLostQueryOfTypes(event.reason)) {
      event.preventDefault();
    }
  });
}

/** Whether an error is the first one described above. */
export function isLateWrite(error: unknown): boolean {
  return error instanceof TypeError &&
    error.message.includes("null (reading 'write')") &&
    /nextWrite .*\/postgres\//.test(error.stack ?? "");
}

/** Whether it is the second one: the driver tells the query in its errors. */
export function isLostQueryOfTypes(error: unknown): boolean {
  const { query } = error instanceof Error
    ? error as Error & { query?: unknown }
    : {};
  return typeof query === "string" &&
    /^\s*select b\.oid, b\.typarray\s+from pg_catalog\.pg_type a/.test(query);
}
