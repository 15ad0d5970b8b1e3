import { deepEqual } from "node:assert/strict";
import { readLines } from "./lines.ts";

async function linesOf(...chunks: string[]): Promise<string[]> {
  const lines: string[] = [];
  const encoded = chunks.map((chunk) => new TextEncoder().encode(chunk));
  await readLines(ReadableStream.from(encoded), (line) => lines.push(line));
  return lines;
}

Deno.test("readLines() joins a line that arrives in pieces", async () => {
  deepEqual(await linesOf("on", "e\ntw", "o\n"), ["one", "two"]);
});

Deno.test("readLines() gives the last line when it has no end", async () => {
  deepEqual(await linesOf("one\ntwo"), ["one", "two"]);
});
