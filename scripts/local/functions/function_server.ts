import { fileURLToPath } from "node:url";
import { startListeningChild } from "../child_process.ts";
import { checkout } from "../checkout.ts";
import { atMost } from "../gateway/at_most.ts";
import type { FunctionSettings } from "./function_settings.ts";
import { toReadableEvent } from "./readable_event.ts";
import { type Isolate, startIsolate } from "./isolate.ts";
import type { IsolateLimits } from "./isolate_limits.ts";

/** A function that is served. */
export interface FunctionServer extends FunctionSettings {
  /**
   * Hands the origin where the function listens at the moment to a function that
   * calls it. As on hosted Supabase the first call starts a process, and so does
   * the first one after that has ended.
   *
   * @throws Error when it cannot start
   */
  call<T>(use: (origin: string) => Promise<T>): Promise<T>;
  /** Kills its processes with SIGKILL; resolves when they are gone. */
  kill(): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
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

/** Options of Deno that make it read an import map and nothing else of a project; none: those of this clone. */
export function importMapFlags(importMap?: string | false): string[] {
  return importMap === undefined ? [] : [
    importMap === false ? "--no-config" : `--config=${importMap}`,
    "--no-lock",
    "--node-modules-dir=none",
  ];
}

/**
 * Serves a function as hosted Supabase would: it sees only its own environment
 * and the network, and can neither write files nor start programs. With limits a
 * process that has used half of one gets no more calls: the next call starts another.
 */
export function createFunctionServer(
  settings: FunctionSettings,
  options: FunctionServerOptions,
): FunctionServer {
  const { limits, log } = options;
  const name = `function ${settings.name}`;
  const isolates = new Set<Isolate>();
  const queue = atMost(MOST_INVOCATIONS);
  let stopping = false;
  let starting: Promise<void> | undefined;
  /** The one that gets the calls. */
  let current: Isolate | undefined;

  async function start(): Promise<void> {
    if (stopping) {
      throw new Error(`Cannot start ${name}: the stack is stopping`);
    }
    const isolate = await startIsolate({
      name,
      start: (onReport) => startProcess(settings, options, onReport),
      limits,
      onHalfUsed() {
        if (current === isolate) current = undefined;
        isolate.retire();
      },
      log,
    });
    isolates.add(isolate);
    current = isolate;
    isolate.ended.then(({ code, signal }) => {
      isolates.delete(isolate);
      if (current !== isolate) return;
      current = undefined;
      if (!stopping) log(`${name} ended (${signal ?? `code ${code}`})`);
    });
  }

  async function all(end: (isolate: Isolate) => Promise<void>): Promise<void> {
    // Whoever calls the function is told why it does not start.
    await starting?.catch(() => {});
    await Promise.all([...isolates].map(end));
  }

  return {
    ...settings,
    call: (use) =>
      queue(async () => {
        while (!current) {
          await (starting ??= start().finally(() => starting = undefined));
        }
        return await current.call(use);
      }),
    kill: () => all((isolate) => isolate.kill()),
    stop() {
      stopping = true;
      return all((isolate) => isolate.stop());
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
    // Without its lines of downloads.
    "--quiet",
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
    log: (line) => log(`[${name}] ${toReadableEvent(line)}`),
    onReport,
  });
}
