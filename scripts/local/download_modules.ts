import { checkout } from "./checkout.ts";

/** What this process has downloaded: to ask Deno again takes half a second of processor time. */
const downloaded = new Set<string>();

/**
 * Downloads what programs import, once in a process.
 * Deno processes that start at the same time with an empty cache get in each
 * other's way: one finds a package that another has not finished writing.
 *
 * @param entries paths of the programs
 * @param flags more options of `deno cache`
 * @param deno path of the executable, by default that of this process
 * @throws Error with Deno's message, such as for a syntax error
 */
export async function downloadModules(
  entries: string[],
  flags: string[] = [],
  deno: string = Deno.execPath(),
): Promise<void> {
  const programs = JSON.stringify([deno, flags, entries]);
  if (downloaded.has(programs)) return;
  const { success, stderr } = await new Deno.Command(deno, {
    args: ["cache", "--quiet", ...flags, ...entries],
    cwd: checkout,
    // Older ones of Deno do not look there for the authority of a company's proxy.
    env: {
      DENO_TLS_CA_STORE: Deno.env.get("DENO_TLS_CA_STORE") ?? "system,mozilla",
    },
    stdin: "null",
    stdout: "null",
  }).output();
  if (success) return void downloaded.add(programs);
  const reason = new TextDecoder().decode(stderr).trim();
  throw new Error(`Cannot load the programs of the stack: ${reason}`);
}
