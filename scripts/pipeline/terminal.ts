import { promptSecret } from "@std/cli/prompt-secret";
import { readRunningStack } from "../local/running_stack.ts";
import type { Terminal } from "./command.ts";

/** The terminal, or pipe, that the program was started in. */
export function openTerminal(): Terminal {
  const encoder = new TextEncoder();
  const isLive = Deno.stderr.isTerminal();
  return {
    environment: readEnvironment(),
    fetch,
    print: (line) => console.log(line),
    complain: (line) => console.error(line),
    update: (line) =>
      void Deno.stderr.writeSync(encoder.encode(`\r\x1b[2K${line}`)),
    isLive,
    columns: isLive ? Deno.consoleSize().columns : 80,
    readInput: () => new Response(Deno.stdin.readable).text(),
    askHidden: (question) => promptSecret(question, { mask: "" }),
    confirm: (question) =>
      Deno.stdin.isTerminal() ? globalThis.confirm(question) : null,
    interrupted: () =>
      new Promise((resolve) => {
        Deno.addSignalListener("SIGINT", () => resolve());
      }),
  };
}

/** Where no project is named, the stack of this clone that is running is meant. */
function readEnvironment(): Record<string, string | undefined> {
  const environment = Deno.env.toObject();
  const isNamed = environment.SUPABASE_URL || environment.SUPABASE_SECRET_KEY;
  return isNamed ? environment : { ...readRunningStack(), ...environment };
}
