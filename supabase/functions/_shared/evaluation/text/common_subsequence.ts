/**
 * The length of the longest common subsequence of two lists.
 *
 * Bit-parallel, 32 elements of `a` at a time (Hyyrö, "Bit-parallel LCS-length computation
 * revisited", 2004): |a|·|b|/32 steps, where the table of the textbooks takes |a|·|b|.
 */
export function countCommonSubsequence<Element>(
  a: readonly Element[],
  b: readonly Element[],
): number {
  const words = Math.ceil(a.length / 32);
  const positions = new Map<Element, Int32Array>();
  for (let i = 0; i < a.length; i++) {
    let bits = positions.get(a[i]);
    if (!bits) positions.set(a[i], bits = new Int32Array(words));
    bits[i >>> 5] |= 1 << (i & 31);
  }
  // A zero bit of the row marks where the subsequence grows by one.
  const row = new Int32Array(words).fill(-1);
  for (const element of b) {
    const matches = positions.get(element);
    if (!matches) continue;
    let carry = 0;
    for (let w = 0; w < words; w++) {
      const bits = row[w];
      const grown = bits & matches[w];
      const sum = (bits >>> 0) + (grown >>> 0) + carry;
      carry = sum > 0xffffffff ? 1 : 0;
      row[w] = (sum | 0) | (bits & ~matches[w]);
    }
  }
  let length = 0;
  for (let i = 0; i < a.length; i++) {
    if ((row[i >>> 5] & (1 << (i & 31))) === 0) length++;
  }
  return length;
}
