import { statfs } from "node:fs/promises";
import { ifPresent } from "../local/if_present.ts";

const GIGABYTE = 2 ** 30;

/** What the databases of all tests that run at a time may come to, with their logs. */
const ROOM = 4 * GIGABYTE;

/** Where Linux keeps files in memory: https://man7.org/linux/man-pages/man7/shm_overview.7.html */
const SHARED_MEMORY = "/dev/shm";

/**
 * Where temporary stacks are quickest: in memory, or undefined when there is too little, as in a container
 * whose /dev/shm has 64 MB. A new database is a copy of 1,600 files, which takes the kernel a second of
 * processor time on a disk with ext4 and a tenth of one here.
 */
export async function findMemoryFolder(): Promise<string | undefined> {
  if (
    Deno.build.os !== "linux" || !await ifPresent(Deno.stat(SHARED_MEMORY))
  ) return undefined;
  const { bsize, bavail } = await statfs(SHARED_MEMORY);
  const { available } = Deno.systemMemoryInfo();
  return bsize * bavail > ROOM && available > 2 * ROOM
    ? `${SHARED_MEMORY}/prompt-pipeline`
    : undefined;
}
