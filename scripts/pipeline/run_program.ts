import process from "node:process";
import type { Terminal } from "./command.ts";
import { main } from "./main.ts";
import { openTerminal } from "./terminal.ts";

/** What shells give to a program whose output nobody reads any more, as behind `head`. */
const BROKEN_PIPE = 141;

/** Runs the command that this program was started for, and ends the program. */
export async function runProgram(
  environment: Terminal["environment"],
): Promise<never> {
  const { argv, stdout, stderr } = process;
  stdout.on("error", () => process.exit(BROKEN_PIPE));
  const code = await main(argv.slice(2), openTerminal(environment));
  // Pipes take what is written in their own time (https://nodejs.org/api/process.html#a-note-on-process-io).
  for (const output of [stdout, stderr]) {
    await new Promise((resolve) => output.write("", resolve));
  }
  return process.exit(code);
}
