/** What a process has used so far, as Linux accounts it. */
export interface ProcessUsage {
  cpuMs: number;
  /** What it has now, in MB. */
  memoryMb: number;
  /** The most memory it ever had, in MB. */
  peakMemoryMb: number;
}

/** Clock ticks a second: `getconf CLK_TCK` is 100 on every Linux that Deno runs on. */
const TICKS_PER_SECOND = 100;

/**
 * The usage of all processes whose command line holds every one of the words, added up; null where
 * there is no /proc.
 */
export async function usageOf(words: string[]): Promise<ProcessUsage | null> {
  const usage = { cpuMs: 0, memoryMb: 0, peakMemoryMb: 0 };
  try {
    for await (const { name } of Deno.readDir("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      const process = await readProcess(name, words);
      usage.cpuMs += process?.cpuMs ?? 0;
      usage.memoryMb += process?.memoryMb ?? 0;
      usage.peakMemoryMb += process?.peakMemoryMb ?? 0;
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  return usage;
}

async function readProcess(
  id: string,
  words: string[],
): Promise<ProcessUsage | null> {
  try {
    const command = await Deno.readTextFile(`/proc/${id}/cmdline`);
    if (!words.every((word) => command.includes(word))) return null;
    const stat = await Deno.readTextFile(`/proc/${id}/stat`);
    // Fields 14 and 15 of proc(5), counted after the name, which may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(fields[11]) + Number(fields[12]);
    const status = await Deno.readTextFile(`/proc/${id}/status`);
    const megabytes = (field: string) =>
      Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) /
      1024;
    return {
      cpuMs: ticks * 1000 / TICKS_PER_SECOND,
      memoryMb: megabytes("VmRSS"),
      peakMemoryMb: megabytes("VmHWM"),
    };
  } catch (error) {
    // It ended while being looked at.
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
