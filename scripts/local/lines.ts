/**
 * Calls `take` with each line of a stream of text, the last one included when
 * it has no line end. Resolves at the end of the stream.
 */
export async function readLines(
  stream: ReadableStream<Uint8Array>,
  take: (line: string) => void,
): Promise<void> {
  let rest = "";
  const text = stream.pipeThrough(
    new TextDecoderStream() as TransformStream<
      Uint8Array,
      string
    >,
  );
  for await (const chunk of text) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    lines.forEach(take);
  }
  if (rest) take(rest);
}
