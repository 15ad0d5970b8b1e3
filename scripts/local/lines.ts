import { TextLineStream } from "@std/streams/text-line-stream";

/**
 * Calls `take` with each line of a stream of text, the last one included when
 * it has no line end. Resolves at the end of the stream.
 */
export async function readLines(
  stream: ReadableStream<Uint8Array>,
  take: (line: string) => void,
): Promise<void> {
  const lines = stream
    .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .pipeThrough(new TextLineStream());
  for await (const line of lines) take(line);
}
