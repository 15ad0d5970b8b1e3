import process from "node:process";
import { createInterface, type Interface } from "node:readline/promises";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import type { Terminal } from "./command.ts";
import { toVisible } from "./visible_text.ts";

/** The terminal, or pipe, that the program was started in; under Deno and Node. */
export function openTerminal(environment: Terminal["environment"]): Terminal {
  const { stdin, stdout, stderr } = process;
  return {
    environment,
    fetch,
    // What is written to a file keeps every character.
    print: (line) => console.log(stdout.isTTY ? toVisible(line) : line),
    complain: (line) => console.error(toVisible(line)),
    update: (line) => void stderr.write(`\r\x1b[2K${toVisible(line)}`),
    isLive: stderr.isTTY ?? false,
    columns: stderr.columns ?? 80,
    readInput: () => text(stdin),
    askHidden: async (question) =>
      stdin.isTTY ? await askHidden(question) : null,
    confirm: async (question) => stdin.isTTY ? await confirm(question) : null,
    interrupted: () =>
      new Promise((resolve) => {
        process.on("SIGINT", () => resolve());
      }),
  };
}

async function confirm(question: string): Promise<boolean> {
  const lines = createInterface({
    input: process.stdin,
    output: process.stderr,
  });
  return /^y(es)?$/i.test((await ask(lines, `${question} [y/N] `)).trim());
}

async function askHidden(question: string): Promise<string> {
  process.stderr.write(`${question} `);
  const lines = createInterface({
    input: process.stdin,
    // What is typed is shown by readline, not by the terminal: here to nobody.
    output: new Writable({ write: (_bytes, _encoding, done) => done() }),
    terminal: true,
  });
  const value = await ask(lines, "");
  process.stderr.write("\n");
  return value;
}

/** The line that is typed; Ctrl-C ends the program as it does elsewhere. */
async function ask(lines: Interface, question: string): Promise<string> {
  lines.once("SIGINT", () => {
    lines.close();
    process.exit(130);
  });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}
