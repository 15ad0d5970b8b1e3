import { checkout } from "./checkout.ts";

/**
 * Downloads what programs import, if it is not there yet (70 ms when it is).
 * Deno processes that start at the same time with an empty cache get in each
 * other's way: one finds a package that another has not finished writing.
 *
 * @param entries paths of the programs
 * @throws Error with Deno's message, such as for a syntax error
 */
export async function downloadModules(entries: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--quiet", ...entries],
    cwd: checkout,
    stdin: "null",
    stdout: "null",
  }).output();
  if (success) return;
  const reason = new TextDecoder().decode(stderr).trim();
  throw new Error(`Cannot load the programs of the stack: ${reason}`);
}
