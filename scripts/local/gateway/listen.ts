/** A server that has begun to listen. */
export interface Listening {
  port: number;
  stop(): Promise<void>;
}

/**
 * Listens on the preferred port of 127.0.0.1, or on the next free one; 0 means
 * any.
 *
 * @throws Error when the preferred port and the 99 after it are in use
 */
export function listen(
  preferred: number,
  handle: (request: Request) => Promise<Response>,
): Listening {
  const last = preferred === 0 ? 0 : Math.min(preferred + 99, 65_535);
  const closing = new AbortController();
  for (let port = preferred; port <= last; port++) {
    try {
      const server = Deno.serve(
        {
          hostname: "127.0.0.1",
          port,
          signal: closing.signal,
          onListen: () => {},
        },
        handle,
      );
      return {
        port: server.addr.port,
        stop() {
          // Not shutdown(): a client may hold an answer open for ever.
          closing.abort();
          return server.finished;
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
