/** A part of a file: from byte `start` to before byte `end`. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * Reads a Range header with one range: `bytes=5-9`, `bytes=5-` or `bytes=-5`.
 *
 * @param size bytes in the file
 * @returns undefined when the header asks for nothing that this server gives in
 *   parts, "unsatisfiable" when the range lies outside of the file
 */
export function readByteRange(
  header: string | null,
  size: number,
): ByteRange | "unsatisfiable" | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return undefined;
  const [, first, last] = match;
  const range = first === ""
    ? { start: Math.max(0, size - Number(last)), end: size }
    : {
      start: Number(first),
      end: last === "" ? size : Math.min(Number(last) + 1, size),
    };
  return range.start < range.end ? range : "unsatisfiable";
}
