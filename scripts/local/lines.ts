import { createInterface } from "node:readline";
import { Readable } from "node:stream";

/**
 * Calls `take` with each line of a stream of text, the last one included when
 * it has no line end. Resolves at the end of the stream. Without Deno std,
 * because the process of a function has the import map of its project.
 */
export async function readLines(
  stream: ReadableStream<Uint8Array>,
  take: (line: string) => void,
): Promise<void> {
  const lines = createInterface({
    input: Readable.from(stream),
    crlfDelay: Infinity,
  });
  for await (const line of lines) take(line);
}
