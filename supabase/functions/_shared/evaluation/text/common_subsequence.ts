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
  const blocks = Math.ceil(a.length / 32);
  const starts = new Map<Element, number>();
  for (const element of a) {
    if (!starts.has(element)) starts.set(element, starts.size * blocks);
  }
  // For each element of `a` the places where it stands, one bit each.
  const places = new Int32Array(starts.size * blocks);
  for (let i = 0; i < a.length; i++) {
    places[starts.get(a[i])! + (i >>> 5)] |= 1 << (i & 31);
  }
  // A zero bit of the row marks where the subsequence grows by one.
  const row = new Int32Array(blocks).fill(-1);
  for (const element of b) {
    const start = starts.get(element);
    if (start === undefined) continue;
    let carry = 0;
    for (let block = 0; block < blocks; block++) {
      const bits = row[block];
      const matches = places[start + block];
      const grown = bits & matches;
      const sum = (bits >>> 0) + (grown >>> 0) + carry;
      carry = sum > 0xffffffff ? 1 : 0;
      row[block] = (sum | 0) | (bits & ~matches);
    }
  }
  let length = 0;
  for (let i = 0; i < a.length; i++) {
    if ((row[i >>> 5] & (1 << (i & 31))) === 0) length++;
  }
  return length;
}
