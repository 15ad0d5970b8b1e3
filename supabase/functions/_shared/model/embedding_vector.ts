/** More numbers than any model gives: the largest of 2026 have 4,096. */
const MOST_NUMBERS = 16_384;

/**
 * The vectors of an answer as a JSON list of `packVector()`; undefined when one of them is none, or
 * when there are none.
 */
export function packVectors(given: readonly unknown[]): string | undefined {
  const packed = given.map((vector) => {
    const numbers = typeof vector === "string" ? fromBase64(vector) : vector;
    return isVector(numbers) ? packVector(numbers) : undefined;
  });
  return packed.length === 0 || packed.includes(undefined)
    ? undefined
    : JSON.stringify(packed);
}

type Numbers = number[] | Float32Array;

function isVector(given: unknown): given is Numbers {
  return (Array.isArray(given) || given instanceof Float32Array) &&
    given.length > 0 && given.length <= MOST_NUMBERS &&
    given.every((value) => typeof value === "number" && isFinite(value)) &&
    given.some((value) => value !== 0);
}

/**
 * A vector in two bytes a number, as base64: its numbers as shares of the largest one. Its length is
 * lost, which the angle to another does not depend on; cosines differ by less than 1e-4.
 */
export function packVector(vector: Numbers): string {
  let largest = 0;
  for (const value of vector) largest = Math.max(largest, Math.abs(value));
  const shares = Int16Array.from(
    vector,
    (value) => Math.round(value / largest * 32_767),
  );
  return toBase64(new Uint8Array(shares.buffer));
}

/** How many numbers a packed vector has. */
export function sizeOf(packed: string): number {
  return bytesOf(packed).length / 2;
}

/** The cosine of the angle between two packed vectors; undefined when they are of different spaces. */
export function cosineOf(one: string, other: string): number | undefined {
  const [a, b] = [one, other].map((packed) =>
    new Int16Array(bytesOf(packed).buffer)
  );
  if (a.length !== b.length) return undefined;
  let product = 0;
  let lengthOfA = 0;
  let lengthOfB = 0;
  for (let place = 0; place < a.length; place++) {
    product += a[place] * b[place];
    lengthOfA += a[place] ** 2;
    lengthOfB += b[place] ** 2;
  }
  return product / Math.sqrt(lengthOfA * lengthOfB);
}

/** Little-endian numbers of four bytes; undefined for any other text. */
function fromBase64(text: string): Float32Array | undefined {
  if (text.length > MOST_NUMBERS * 6) return undefined;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const over = text.length % 4;
  if (over === 1 || over > 1 && text.endsWith("=")) return undefined;
  const bytes = bytesOf(text);
  return bytes.length % 4 === 0 ? new Float32Array(bytes.buffer) : undefined;
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
