/** The bytes of a stream that are still needed, in one piece, addressed by their offset in the stream. */
export class ByteWindow {
  /** Offset in the stream of the first byte that is held. */
  start: number;
  bytes: Uint8Array = new Uint8Array(0);
  /** Index in `bytes` of the first byte that is held, and of the one after the last. */
  from = 0;
  to = 0;
  #owned = false;

  constructor(start: number) {
    this.start = start;
  }

  get size(): number {
    return this.to - this.from;
  }

  append(chunk: Uint8Array): void {
    const size = this.size;
    if (size === 0) {
      // The usual case costs no copy, and a buffer that one huge record needed is let go.
      this.bytes = chunk;
      this.from = 0;
      this.to = chunk.length;
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
