import { fileURLToPath } from "node:url";
import { startListeningChild } from "../child_process.ts";
import { checkout } from "../checkout.ts";
import type { Part } from "../supervise.ts";
import { atMost } from "../gateway/at_most.ts";
import type { FunctionSettings } from "./function_settings.ts";
import { type Isolate, startIsolate } from "./isolate.ts";
import type { IsolateLimits } from "./isolate_limits.ts";

/** A function that is served. */
export interface FunctionServer extends Part, FunctionSettings {
  /**
   * Hands the origin where the function listens at the moment to a function that
   * calls it. A process that has ended is started again for the next call.
   */
  call<T>(use: (origin: string) => Promise<T>): Promise<T>;
}

/** How to serve functions. */
export interface FunctionServerOptions {
  env: Record<string, string>;
  /** By default none: one process serves all requests. */
  limits?: IsolateLimits;
  /** Path of Deno's executable, by default that of this process. */
  deno?: string;
  /** By how many milliseconds the clock of the next process is wrong; by default it is right. */
  clockSkewMs?: () => number;
  log: (line: string) => void;
}

/** Requests to a function at a time, each of them a few open files; what is above that waits. */
const MOST_INVOCATIONS = 100;

/** The program that runs around every function. */
export const functionHost: string = fileURLToPath(
  new URL("./function_process.ts", import.meta.url),
);

/** What a Deno process needs to find its cache and the way out. */
const inherited = [
  "HOME",
  "PATH",
  "TMPDIR",
  "DENO_DIR",
  "XDG_CACHE_HOME",
  "DENO_CERT",
  "DENO_TLS_CA_STORE",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_DIR",
  "SSL_CERT_FILE",
  "NPM_CONFIG_REGISTRY",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "LOCALAPPDATA",
  "SYSTEMROOT",
];

/** Options of Deno that make it read an import map and nothing else of a project. */
export function importMapFlags(importMap?: string): string[] {
  return importMap
    ? [`--config=${importMap}`, "--no-lock", "--node-modules-dir=none"]
    : [];
}

/**
 * Starts a function as hosted Supabase would: it sees only its own environment
 * and the network, and can neither write files nor start programs. With limits a
 * process that has used half of one is replaced, ahead of its end.
 */
export async function startFunctionServer(
  settings: FunctionSettings,
  options: FunctionServerOptions,
): Promise<FunctionServer> {
  const { limits, log } = options;
  const name = `function ${settings.name}`;
  let stopping = false;
  let replacing: Promise<void> | undefined;
  const retired = new Set<Isolate>();
  const queue = atMost(MOST_INVOCATIONS);
  let current = await open();

  function open(): Promise<Isolate> {
    return startIsolate({
      name,
      start: (onReport) => startProcess(settings, options, onReport),
      limits,
      onHalfUsed() {
        replacing ??= replace()
          .catch((error) => log(`${name}: ${error}`))
          .finally(() => replacing = undefined);
      },
      log,
    });
  }

  async function replace(): Promise<void> {
    const fresh = await open();
    if (stopping) return await fresh.stop();
    const old = current;
    current = fresh;
    retired.add(old);
    old.retire().then(() => retired.delete(old));
  }

  return {
    ...settings,
    call: (use) => queue(() => current.call(use)),
    ready: () => current.ready(),
    async kill() {
      await Promise.all([current, ...retired].map((isolate) => isolate.kill()));
    },
    async stop() {
      stopping = true;
      await replacing;
      await Promise.all([current, ...retired].map((isolate) => isolate.stop()));
    },
  };
}

function startProcess(
  { name, entry, importMap }: FunctionSettings,
  { env, deno, clockSkewMs = () => 0, log }: FunctionServerOptions,
  onReport: (report: string) => void,
) {
  const surroundings = inherited.flatMap((variable) => {
    const value = Deno.env.get(variable);
    return value === undefined ? [] : [[variable, value]];
  });
  return startListeningChild([
    "run",
    ...importMapFlags(importMap),
    "--no-prompt",
    "--no-check",
    "--allow-net",
    "--allow-env",
    "--allow-read",
    // The memory of a hosted function, in MB.
    "--v8-flags=--max-old-space-size=256",
    functionHost,
    entry,
    String(clockSkewMs()),
  ], {
    name: `function ${name}`,
    deno,
    cwd: checkout,
    env: { ...Object.fromEntries(surroundings), ...env },
    clearEnv: true,
    log: (line) => log(`[${name}] ${line}`),
    onReport,
  });
}
