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
    askHidden: (question) =>
      Deno.stdin.isTerminal() ? readHidden(question) : null,
    interrupted: () =>
      new Promise((resolve) => {
        Deno.addSignalListener("SIGINT", () => resolve());
      }),
  };
}

function readHidden(question: string): string {
  const encoder = new TextEncoder();
  Deno.stderr.writeSync(encoder.encode(question));
  Deno.stdin.setRaw(true, { cbreak: true });
  let typed = "";
  try {
    const bytes = new Uint8Array(1024);
    for (;;) {
      const size = Deno.stdin.readSync(bytes);
      const text = new TextDecoder().decode(bytes.subarray(0, size ?? 0));
      const end = text.search(/[\r\n]/);
      typed += end < 0 ? text : text.slice(0, end);
      if (size === null || end >= 0) break;
    }
  } finally {
    Deno.stdin.setRaw(false);
    Deno.stderr.writeSync(encoder.encode("\n"));
  }
  return withoutErased(typed);
}

/** Backspaces take back what was typed before them. */
function withoutErased(typed: string): string {
  const kept: string[] = [];
  for (const character of typed) {
    if (character === "\x7f" || character === "\b") kept.pop();
    else kept.push(character);
  }
  return kept.join("");
}
