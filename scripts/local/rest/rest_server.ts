import { fileURLToPath } from "node:url";
import {
  endChild,
  type ListeningChild,
  startListeningChild,
} from "../child_process.ts";
import { checkout } from "../checkout.ts";
import { type Part, supervise } from "../supervise.ts";
import { type RestSettings, writeRestSettings } from "./rest_settings.ts";

/** The supervised process of REST, Storage, Auth and Studio. */
export interface RestServer extends Part {
  /** Where the API listens now; another port after each restart. */
  url(): string;
  /** Gets to know a database that has been renewed. */
  renew(): Promise<void>;
  /**
   * Begins anew with a server that has ended and begun again. What is under way, be it the start,
   * may wait for ever: postgres 3.4.9 answers no query on a reserved connection that was closed.
   */
  startAnew(): Promise<void>;
}

/** The program of the process. */
export const restEntry: string = fileURLToPath(
  new URL("./rest_process.ts", import.meta.url),
);

/** Starts the process; the roles and schemas of the database must exist. */
export async function startRestServer(
  settings: RestSettings,
  log: (line: string) => void,
): Promise<RestServer> {
  let child: ListeningChild;
  let starting: AbortController | undefined;
  let renewed = () => {};
  const part = await supervise({
    name: "REST",
    async start() {
      starting = new AbortController();
      child = await startListeningChild(
        ["run", "--allow-all", "--no-check", restEntry],
        {
          name: "REST",
          signal: starting.signal,
          cwd: checkout,
          env: writeRestSettings(settings),
          clearEnv: false,
          log: (line) => isWorthTelling(line) && log(`[rest] ${line}`),
          onReport: () => renewed(),
        },
      ).finally(() => starting = undefined);
      return child.process;
    },
    end: endChild,
    log,
  });
  return {
    ...part,
    url: () => `http://127.0.0.1:${child.port}`,
    async renew() {
      const { promise, resolve } = Promise.withResolvers<void>();
      renewed = resolve;
      child.command("renew");
      await Promise.race([promise, child.process.status]);
    },
    async startAnew() {
      if (starting) starting.abort();
      else await part.kill();
    },
  };
}

/**
 * lite announces on every start that its Storage is experimental, and prints
 * every error of the database with its stack; the first line says it all.
 */
function isWorthTelling(line: string): boolean {
  return !/^(EXPERIMENTAL|\s|})/.test(line);
}
