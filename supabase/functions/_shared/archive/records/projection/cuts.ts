const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;

// Fewer bytes are copied faster one by one than by a call.
const SHORT_COPY = 96;

/**
 * What is not read of an object. Places count from its start: a separator is the comma or the opening
 * bracket before a member.
 */
export class Cuts {
  /** Where what is being left out begins, else -1. */
  #from = -1;
  /** Places from which and to which members are left out. */
  readonly #places: number[] = [];
  /** Brackets and colons of the objects that are read as pairs. */
  readonly #replaced: number[] = [];

  /** Leaves out what follows a separator, or the closing bracket of an inlined object on. */
  begin(place: number): void {
    if (this.#from < 0) this.#from = place;
  }

  /** Goes on with the separator of a member that is read, or the bracket that closes the object around. */
  end(place: number): void {
    if (this.#from < 0) return;
    this.#places.push(this.#from, place);
    this.#from = -1;
  }

  /** Makes a bracket that of a list, or a colon a comma. */
  replace(place: number): void {
    this.#replaced.push(place);
  }

  /** Copies the rest of an object into `into`, which has room for all of it, and gives its size. */
  keep(bytes: Uint8Array, into: Uint8Array): number {
    const places = this.#places;
    const replaced = this.#replaced;
    let size = 0;
    let done = 0;
    let next = 0;
    let isFirst = false;
    for (let index = 0; index <= places.length; index += 2) {
      let from = bytes.length;
      let to = from;
      if (index < places.length) {
        from = places[index];
        to = places[index + 1];
        // Behind a bracket the comma after the members goes with them, elsewhere the one before.
        isFirst = bytes[from] === OPEN_OBJECT;
        if (isFirst) {
          from++;
          if (bytes[to] === COMMA) to++;
        }
      }
      const shift = size - done;
      copy(bytes, done, from, into, size);
      size = from + shift;
      for (; next < replaced.length && replaced[next] < from; next++) {
        into[replaced[next] + shift] = inPairs(bytes[replaced[next]]);
      }
      done = to;
      // An object that is inlined begins here: its members follow those before it.
      if (bytes[to] === OPEN_OBJECT) {
        done++;
        if (!isFirst) into[size++] = COMMA;
      }
    }
    return size;
  }
}

function copy(
  bytes: Uint8Array,
  from: number,
  to: number,
  into: Uint8Array,
  place: number,
): void {
  if (to - from >= SHORT_COPY) into.set(bytes.subarray(from, to), place);
  else for (let at = from; at < to; at++) into[place + at - from] = bytes[at];
}

function inPairs(byte: number): number {
  if (byte === COLON) return COMMA;
  return byte === OPEN_OBJECT ? OPEN_LIST : CLOSE_LIST;
}
