/** What one isolate has used of what can be measured from outside. */
export interface MeasuredUsage {
  cpuMs: number;
  memoryMb: number;
}

/**
 * Measures a Deno process as the isolate that it stands for: the processor time
 * of the thread that runs its JavaScript, and the memory that is its own.
 *
 * @returns null where Linux's /proc is missing, and for a process that has ended
 */
export async function measureIsolate(
  processId: number,
): Promise<MeasuredUsage | null> {
  const folder = `/proc/${processId}`;
  try {
    const [schedule, status] = await Promise.all([
      // The main thread has the number of its process; nanoseconds come first.
      Deno.readTextFile(`${folder}/task/${processId}/schedstat`),
      Deno.readTextFile(`${folder}/status`),
    ]);
    const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1];
    // A zombie has none.
    if (kilobytes === undefined) return null;
    return {
      cpuMs: Number(schedule.split(" ", 1)[0]) / 1_000_000,
      memoryMb: Number(kilobytes) / 1_024,
    };
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
