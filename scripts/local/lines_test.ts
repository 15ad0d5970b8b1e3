import { assertEquals } from "@std/assert";
import { readLines } from "./lines.ts";

async function linesOf(...chunks: string[]): Promise<string[]> {
  const lines: string[] = [];
  const encoded = chunks.map((chunk) => new TextEncoder().encode(chunk));
  await readLines(ReadableStream.from(encoded), (line) => lines.push(line));
  return lines;
}

Deno.test("readLines() joins a line that arrives in pieces", async () => {
  assertEquals(await linesOf("on", "e\ntw", "o\n"), ["one", "two"]);
});

Deno.test("readLines() gives the last line when it has no end", async () => {
  assertEquals(await linesOf("one\ntwo"), ["one", "two"]);
});
