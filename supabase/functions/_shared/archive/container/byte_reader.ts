const NOTHING = new Uint8Array(0);

/** Pulls bytes from a stream, with a look ahead; `position` counts what was taken. */
export class ByteReader {
  position = 0;
  readonly #source: ReadableStreamDefaultReader<Uint8Array>;
  #ahead: Uint8Array = NOTHING;

  constructor(bytes: ReadableStream<Uint8Array>) {
    this.#source = bytes.getReader();
  }

  /** The next `size` bytes without taking them; fewer only at the end. */
  async peek(size: number): Promise<Uint8Array> {
    while (this.#ahead.length < size) {
      const { value, done } = await this.#source.read();
      if (done) break;
      this.#ahead = this.#ahead.length === 0
        ? value
        : joined(this.#ahead, value);
    }
    return this.#ahead.subarray(0, size);
  }

  /** Takes whatever comes next, at most `limit` bytes; undefined at the end. */
  async read(limit = Infinity): Promise<Uint8Array | undefined> {
    while (this.#ahead.length === 0) {
      const { value, done } = await this.#source.read();
      if (done) return undefined;
      this.#ahead = value;
    }
    const taken = this.#ahead.subarray(0, limit);
    this.#ahead = this.#ahead.subarray(taken.length);
    this.position += taken.length;
    return taken;
  }

  /** Puts back the tail of what `read` gave last. */
  unread(bytes: Uint8Array): void {
    this.#ahead = this.#ahead.length === 0 ? bytes : joined(bytes, this.#ahead);
    this.position -= bytes.length;
  }

  /** Takes and drops `size` bytes, fewer at the end. */
  async skip(size: number): Promise<void> {
    for (let left = size; left > 0;) {
      const taken = await this.read(left);
      if (taken === undefined) return;
      left -= taken.length;
    }
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = await this.read();
      if (chunk === undefined) return;
      yield chunk;
    }
  }

  /** Tells the source that no more is wanted. */
  async cancel(): Promise<void> {
    // A source that already failed rejects here with the error that its reader has seen.
    await this.#source.cancel().catch(() => undefined);
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
