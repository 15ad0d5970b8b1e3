import { BrokenContainer } from "./broken_container.ts";

/** Text compresses 5 to 50 times; what exceeds this after the first 64 MB is a bomb. */
const MOST_EXPANSION = 200;
const FREE_BYTES = 64 * 1024 * 1024;

/** Counts expanded bytes and throws `BrokenContainer` when they are too many. */
export class ExpansionLimit {
  #expanded = 0;
  readonly #maxBytes: number;
  readonly #compressed: () => number;

  /** `compressed` tells how many bytes were read so far from the archive itself. */
  constructor(maxBytes: number, compressed: () => number) {
    this.#maxBytes = maxBytes;
    this.#compressed = compressed;
  }

  async *watch(
    chunks: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#expanded += chunk.length;
      if (this.#expanded > this.#maxBytes) {
        throw new BrokenContainer(
          "expands_too_far",
          `it expands to more than ${this.#maxBytes} bytes; split the archive or raise maxExpandedBytes`,
        );
      }
      if (
        this.#expanded > FREE_BYTES &&
        this.#expanded > this.#compressed() * MOST_EXPANSION
      ) {
        throw new BrokenContainer(
          "expands_too_far",
          `it expands more than ${MOST_EXPANSION} times, which no archive of text does`,
        );
      }
      yield chunk;
    }
  }
}
