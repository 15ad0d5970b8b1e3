/** The bytes of a stream that are still needed, in one piece, addressed by their offset in the stream. */
export class ByteWindow {
  /** Offset in the stream of the first byte that is held. */
  start: number;
  bytes: Uint8Array = new Uint8Array(0);
  /** Index in `bytes` of the first byte that is held, and of the one after the last. */
  from = 0;
  to = 0;
  #owned = false;
  /** What was appended last. */
  #chunk: Uint8Array = this.bytes;

  constructor(start: number) {
    this.start = start;
  }

  get size(): number {
    return this.to - this.from;
  }

  append(chunk: Uint8Array): void {
    const size = this.size;
    const { buffer, byteOffset } = chunk;
    const before = this.#chunk;
    this.#chunk = chunk;
    // What is held ends the chunk before, and pieces of one large chunk lie side by side.
    const isAdjacent = size <= before.length && buffer === before.buffer &&
      byteOffset === before.byteOffset + before.length;
    if (size === 0 || isAdjacent) {
      // Costs no copy, and a buffer that one huge record needed is let go.
      this.bytes = new Uint8Array(
        buffer,
        byteOffset - size,
        size + chunk.length,
      );
      this.from = 0;
      this.to = this.bytes.length;
      this.#owned = false;
      return;
    }
    const needed = size + chunk.length;
    if (!this.#owned || needed > this.bytes.length) {
      const grown = new Uint8Array(Math.max(2 * needed, 256 * 1024));
      grown.set(this.bytes.subarray(this.from, this.to));
      this.bytes = grown;
      this.#owned = true;
      this.from = 0;
      this.to = size;
    } else if (this.to + chunk.length > this.bytes.length) {
      this.bytes.copyWithin(0, this.from, this.to);
      this.from = 0;
      this.to = size;
    }
    this.bytes.set(chunk, this.to);
    this.to += chunk.length;
  }

  /** Lets go of everything before this index of `bytes`. */
  drop(index: number): void {
    this.start += index - this.from;
    this.from = index;
  }

  /** Offset in the stream of an index of `bytes`. */
  offsetOf(index: number): number {
    return this.start + index - this.from;
  }

  /** Index of `bytes` for an offset in the stream. */
  indexOf(offset: number): number {
    return this.from + offset - this.start;
  }
}
