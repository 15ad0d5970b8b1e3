import { fileURLToPath } from "node:url";
import { endChild, startListeningChild } from "../child_process.ts";
import { checkout } from "../checkout.ts";
import { type Part, supervise } from "../supervise.ts";
import type { FunctionSettings } from "./function_settings.ts";

/** The supervised process of one function. */
export interface FunctionServer extends Part, FunctionSettings {
  /** Where it listens now; another port after each restart. */
  url(): string;
}

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

/**
 * Starts a function as hosted Supabase would: it sees only its own environment
 * and the network, and can neither write files nor start programs.
 */
export async function startFunctionServer(
  settings: FunctionSettings,
  env: Record<string, string>,
  log: (line: string) => void,
): Promise<FunctionServer> {
  const { name, entry } = settings;
  const surroundings = inherited.flatMap((variable) => {
    const value = Deno.env.get(variable);
    return value === undefined ? [] : [[variable, value]];
  });
  let port = 0;
  const part = await supervise({
    name: `function ${name}`,
    async start() {
      const child = await startListeningChild([
        "run",
        "--no-prompt",
        "--no-check",
        "--allow-net",
        "--allow-env",
        "--allow-read",
        // The memory of a hosted function, in MB.
        "--v8-flags=--max-old-space-size=256",
        functionHost,
        entry,
      ], {
        name: `function ${name}`,
        cwd: checkout,
        env: { ...Object.fromEntries(surroundings), ...env },
        clearEnv: true,
        log: (line) => log(`[${name}] ${line}`),
      });
      port = child.port;
      return child.process;
    },
    end: endChild,
    log,
    wait: (milliseconds) => new Promise((go) => setTimeout(go, milliseconds)),
  });
  return { ...settings, ...part, url: () => `http://127.0.0.1:${port}` };
}
