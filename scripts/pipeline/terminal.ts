import { promptSecret } from "@std/cli/prompt-secret";
import type { Terminal } from "./command.ts";
import { toVisible } from "./visible_text.ts";

/** The terminal, or pipe, that the program was started in. */
export function openTerminal(): Terminal {
  const encoder = new TextEncoder();
  const isLive = Deno.stderr.isTerminal();
  return {
    environment: Deno.env.toObject(),
    fetch,
    // What is written to a file keeps every character.
    print: (line) =>
      console.log(Deno.stdout.isTerminal() ? toVisible(line) : line),
    complain: (line) => console.error(toVisible(line)),
    update: (line) =>
      void Deno.stderr.writeSync(
        encoder.encode(`\r\x1b[2K${toVisible(line)}`),
      ),
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
