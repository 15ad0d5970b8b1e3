/** A server that has begun to listen. */
export interface Listening {
  port: number;
  stop(): Promise<void>;
}

/** How long open files get to be closed. */
const RECOVER_MS = 100;

/**
 * Listens on the preferred port of 127.0.0.1, or on the next free one; 0 means
 * any. Deno's server ends when a connection cannot be taken because too many files
 * are open, and begins again then: https://github.com/denoland/deno/issues/10148
 *
 * @param serve what serves; for tests
 * @throws Error when the preferred port and the 99 after it are in use
 */
export function listen(
  preferred: number,
  handle: (request: Request) => Promise<Response>,
  serve: (
    options: Deno.ServeTcpOptions,
    handle: (request: Request) => Promise<Response>,
  ) => Pick<Deno.HttpServer<Deno.NetAddr>, "addr" | "finished"> = Deno.serve,
): Listening {
  const last = preferred === 0 ? 0 : Math.min(preferred + 99, 65_535);
  const closing = new AbortController();
  const open = (port: number) =>
    serve({
      hostname: "127.0.0.1",
      port,
      signal: closing.signal,
      onListen: () => {},
    }, handle);

  async function untilClosed(
    { addr, finished }: ReturnType<typeof open>,
  ): Promise<void> {
    try {
      await finished;
    } catch (error) {
      console.error(`The gateway begins again: ${(error as Error).message}`);
      await new Promise((resolve) => setTimeout(resolve, RECOVER_MS));
      if (!closing.signal.aborted) await untilClosed(open(addr.port));
    }
  }

  for (let port = preferred; port <= last; port++) {
    try {
      const server = open(port);
      const closed = untilClosed(server);
      return {
        port: server.addr.port,
        stop() {
          // Not shutdown(): a client may hold an answer open for ever.
          closing.abort();
          return closed;
        },
      };
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error(
    `Cannot start: all ports from ${preferred} to ${last} are in use; choose another with --port`,
  );
}
