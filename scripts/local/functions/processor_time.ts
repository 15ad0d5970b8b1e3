/**
 * Milliseconds of processor time that the JavaScript of a Deno process has used:
 * those of its main thread. The hosted runtime counts the same of an isolate.
 *
 * @returns null where Linux's /proc is missing, and for a process that has ended
 */
export async function readProcessorTime(
  processId: number,
): Promise<number | null> {
  try {
    // The main thread has the number of its process; nanoseconds come first.
    const path = `/proc/${processId}/task/${processId}/schedstat`;
    const schedule = await Deno.readTextFile(path);
    return Number(schedule.split(" ", 1)[0]) / 1_000_000;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || isGone(error)) return null;
    throw error;
  }
}

/** Between opening and reading, the process may have ended: ESRCH. */
function isGone(error: unknown): boolean {
  return (error as { code?: string }).code === "ESRCH" ||
    /os error 3\b/.test((error as Error).message);
}
