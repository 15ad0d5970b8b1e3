import { delay } from "@std/async/delay";
import { isAlive } from "./is_alive.ts";

const POLL_MS = 500;
const MOST_ANCESTORS = 10;

/**
 * Resolves when the npx that started this program has ended, or a process in between. npx
 * hands no signal on (npm/cli#6684), nor does the wrapper by which it starts Deno (npm's package deno,
 * bin.cjs: spawnSync), so that a program would outlive the command that a user has ended. Never resolves where no npx is.
 */
export async function untilNpxEnds(pid: number = Deno.ppid): Promise<void> {
  const watched: number[] = [];
  for (let depth = 0; depth < MOST_ANCESTORS && pid > 1; depth++) {
    const found = await describeProcess(pid);
    if (!found) break;
    watched.push(pid);
    if (/\bnpx\b|^npm exec\b/.test(found.command)) {
      while (watched.every(isAlive)) {
        await delay(POLL_MS, { persistent: false });
      }
      return;
    }
    pid = found.parent;
  }
  return await new Promise(() => {});
}

async function describeProcess(pid: number) {
  const { stdout } = await new Deno.Command("ps", {
    args: ["-o", "ppid=,args=", "-p", String(pid)],
    stdin: "null",
    stderr: "null",
  }).output().catch((error) => {
    // Windows has no ps.
    if (error instanceof Deno.errors.NotFound) return { stdout: undefined };
    throw error;
  });
  const match = /^\s*(\d+)\s+(.*)/.exec(new TextDecoder().decode(stdout));
  return match ? { parent: Number(match[1]), command: match[2] } : undefined;
}
