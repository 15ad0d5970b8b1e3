import { Buffer } from "node:buffer";
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

/** How many ports after a busy one are tried. */
const NEXT_PORTS = 99;
/** Any page that a browser shows may send as much as it likes; what is behind a guard reads less. */
const MOST_BODY_BYTES = 5_000_000;

/**
 * Listens on the preferred port of 127.0.0.1, or on the next free one; 0 means any. By node:http, for
 * Node and Deno.
 *
 * @throws Error when the preferred port and the 99 after it are in use
 */
export async function listen(
  preferred: number,
  handle: (request: Request) => Promise<Response>,
): Promise<{ port: number; stop(): Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing, handle).catch((error) => {
      console.error(error);
      outgoing.destroy();
    });
  });
  const last = preferred === 0 ? 0 : Math.min(preferred + NEXT_PORTS, 65_535);
  for (let port = preferred; port <= last; port++) {
    if (!await tryPort(server, port)) continue;
    return {
      port: (server.address() as AddressInfo).port,
      stop: () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          // A browser may hold a connection open for ever.
          server.closeAllConnections();
        }),
    };
  }
  throw new Error(
    `Cannot start: all ports from ${preferred} to ${last} are in use; choose another with --port`,
  );
}

/** Whether the server listens on the port now; false: it is in use. */
function tryPort(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(false) : reject(error);
    server.once("error", refuse);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", refuse);
      resolve(true);
    });
  });
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handle: (request: Request) => Promise<Response>,
): Promise<void> {
  const { method = "GET", url = "/", headers } = incoming;
  const sent = await readBody(incoming);
  if (sent === undefined) {
    // Whoever still sends would not hear the answer of a connection that is closed.
    incoming.resume();
    outgoing.writeHead(413).end();
    return;
  }
  const response = await handle(
    new Request(new URL(url, "http://127.0.0.1"), {
      method,
      headers: headers as Record<string, string>,
      body: method === "GET" || method === "HEAD" ? undefined : sent,
    }),
  );
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}

/** Undefined: it is longer than allowed, and the rest of it is not kept. */
async function readBody(
  incoming: IncomingMessage,
): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of incoming.iterator({ destroyOnReturn: false })) {
    bytes += part.length;
    if (bytes > MOST_BODY_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
