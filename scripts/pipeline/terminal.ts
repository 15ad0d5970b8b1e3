import { promptSecret } from "@std/cli/prompt-secret";
import type { Terminal } from "./command.ts";

/** The terminal, or pipe, that the program was started in. */
export function openTerminal(): Terminal {
  const encoder = new TextEncoder();
  const isLive = Deno.stderr.isTerminal();
  return {
    environment: Deno.env.toObject(),
    fetch,
    print: (line) => console.log(line),
    complain: (line) => console.error(line),
    update: (line) =>
      void Deno.stderr.writeSync(encoder.encode(`\r\x1b[2K${line}`)),
    isLive,
    columns: isLive ? Deno.consoleSize().columns : 80,
    readInput: () => new Response(Deno.stdin.readable).text(),
    askHidden: (question) => promptSecret(question, { mask: "" }),
    interrupted: () =>
      new Promise((resolve) => {
        Deno.addSignalListener("SIGINT", () => resolve());
      }),
  };
}
