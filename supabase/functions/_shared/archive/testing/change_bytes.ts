import fc from "fast-check";

/** One change of an archive's bytes; places are fractions of its length, so that they fit all. */
export interface ByteChange {
  kind: "flip" | "cut" | "repeat" | "insert" | "truncate";
  from: number;
  size: number;
  bytes: Uint8Array;
}

export const byteChange: fc.Arbitrary<ByteChange> = fc.record({
  kind: fc.constantFrom("flip", "flip", "cut", "repeat", "insert", "truncate"),
  // Without bias: fast-check prefers the ends, where there is little to break.
  from: fc.noBias(fc.nat(1_000_000)).map((millionth) => millionth / 1_000_000),
  size: fc.nat(200),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
    // What the structure of JSON is made of breaks more than any other byte.
    fc.array(fc.constantFrom(...'"\\{}[],:\n '.split("")), {
      minLength: 1,
      maxLength: 4,
    }).map((list) => new TextEncoder().encode(list.join(""))),
  ),
});

export function changeBytes(
  bytes: Uint8Array,
  { kind, from: place, size, bytes: given }: ByteChange,
): Uint8Array {
  const from = Math.floor(place * bytes.length);
  const before = bytes.subarray(0, from);
  const cut = bytes.subarray(from, from + size);
  const after = bytes.subarray(from + size);
  if (kind === "cut") return joinBytes(before, after);
  if (kind === "repeat") return joinBytes(before, cut, cut, after);
  if (kind === "insert") return joinBytes(before, given, bytes.subarray(from));
  if (kind === "truncate") return before.slice();
  const flipped = bytes.slice();
  if (from < flipped.length) flipped[from] ^= given[0];
  return flipped;
}

export function joinBytes(...parts: Uint8Array[]): Uint8Array {
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
