import { checkout } from "../local/checkout.ts";

/** What a program said. */
export interface ProgramAnswer {
  success: boolean;
  /** Standard output. */
  output: string;
  /** Both outputs, for a person who wants to know why it failed. */
  everything: string;
}

/** Runs a program in the root of the clone, without input. */
export async function runProgram(
  program: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<ProgramAnswer> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd: checkout,
    stdin: "null",
    env,
  }).output();
  const [output, complaints] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  return { success, output, everything: `${output}\n${complaints}`.trim() };
}

/** Runs a program of a package from npm, such as `supabase@3.1.0`. */
export function runPackage(
  pinned: string,
  args: string[],
  env?: Record<string, string>,
): Promise<ProgramAnswer> {
  const npx = Deno.build.os === "windows" ? "npx.cmd" : "npx";
  return runProgram(npx, ["-y", pinned, ...args], env);
}
