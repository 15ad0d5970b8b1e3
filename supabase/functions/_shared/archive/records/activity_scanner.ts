import { ACTIVITY_OPENING, readActivity } from "./activity_page.ts";
import { RecordCounter } from "./record_counter.ts";
import type { Scanned, ScanState } from "./scanner.ts";

const OPENING = new TextEncoder().encode(ACTIVITY_OPENING);

/** Reads a record per activity of Google's My Activity as a page. */
export class ActivityScanner extends RecordCounter {
  readonly #decoder = new TextDecoder();
  #ended = false;

  get state(): ScanState | undefined {
    const { start: offset } = this.window;
    return this.searchedTo > offset
      ? undefined
      : { layout: "activities", offset, record: this.record };
  }

  next(finished: boolean): Scanned | undefined {
    const window = this.window;
    for (;;) {
      const isInside = this.#beginsWithOpening();
      const next = this.#findOpening(isInside ? 1 : 0);
      if (next < 0 && !finished && window.size <= this.maxBytes) {
        return undefined;
      }
      const to = next < 0 ? window.to : next;
      const offset = window.start;
      if (!isInside || to === window.from) {
        // Styles before the first activity.
        window.drop(to);
        if (next < 0) return this.#end(offset);
        continue;
      }
      if (to - window.from > this.maxBytes) {
        window.drop(to);
        return this.tooLarge(offset);
      }
      const size = to - window.from;
      const html = this.#decoder.decode(
        window.bytes.subarray(window.from, to),
      );
      window.drop(to);
      return {
        record: this.record++,
        offset,
        size,
        value: readActivity(html),
        damaged: false,
      };
    }
  }

  #end(offset: number): Scanned | undefined {
    if (this.record > 0 || this.#ended) return undefined;
    this.#ended = true;
    const reason =
      "this is HTML without activities; choose JSON in Google Takeout and export it as JSON instead";
    return { record: this.record, offset, code: "not_json", reason };
  }

  #beginsWithOpening(): boolean {
    const { bytes, from, to } = this.window;
    return to - from >= OPENING.length &&
      OPENING.every((byte, index) => bytes[from + index] === byte);
  }

  /** Index of the next opening, or -1. */
  #findOpening(after: number): number {
    const window = this.window;
    const { bytes, to } = window;
    const from = Math.max(
      window.from + after,
      window.indexOf(this.searchedTo),
    );
    const held = bytes.subarray(0, to);
    for (
      let at = held.indexOf(OPENING[0], from);
      at >= 0 && at + OPENING.length <= to;
      at = held.indexOf(OPENING[0], at + 1)
    ) {
      if (OPENING.every((byte, index) => bytes[at + index] === byte)) return at;
    }
    this.searchedTo = window.offsetOf(
      Math.max(from, to - OPENING.length + 1),
    );
    return -1;
  }
}
