/**
 * A port on 127.0.0.1 that is free now. Chosen below the range from which the
 * kernel takes ports for outgoing connections, so that it is still free when the
 * program it is meant for gets round to listening.
 */
export function chooseFreePort(random: () => number = Math.random): number {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = 20_000 + Math.floor(random() * 12_000);
    if (isFree(port)) return port;
  }
  throw new Error(
    "Cannot find a free port: 200 ports between 20000 and 32000 are in use",
  );
}

/**
 * The preferred port, or the next free one.
 *
 * @throws Error when it and the 99 after it are in use
 */
export function chooseFreePortFrom(preferred: number): number {
  const last = Math.min(preferred + 99, 65_535);
  for (let port = preferred; port <= last; port++) {
    if (isFree(port)) return port;
  }
  throw new Error(
    `Cannot find a free port: all from ${preferred} to ${last} are in use; choose another with --port`,
  );
}

const MOST_ATTEMPTS = 5;

/**
 * Starts a program on a port that was chosen for it. Where the port is taken before the program gets
 * round to listening, such as for an outgoing connection of the kernel's choice, the next is chosen.
 *
 * @throws what start() throws while its port is free, or for the fifth port
 */
export async function startOnFreePort<Started>(
  choose: () => number,
  start: (port: number) => Promise<Started>,
): Promise<Started> {
  for (let attempt = 1;; attempt++) {
    const port = choose();
    try {
      return await start(port);
    } catch (error) {
      if (attempt === MOST_ATTEMPTS || isFree(port)) throw error;
    }
  }
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (
      error instanceof Deno.errors.AddrInUse ||
      error instanceof Deno.errors.PermissionDenied
    ) return false;
    throw error;
  }
}
