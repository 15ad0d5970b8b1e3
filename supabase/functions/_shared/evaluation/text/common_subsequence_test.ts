import { assertEquals, assertStrictEquals } from "@std/assert";
import { countCommonSubsequence } from "./common_subsequence.ts";

/** The table of the textbooks, to compare with. */
function countByTable(a: string[], b: string[]): number {
  let above = new Array<number>(b.length + 1).fill(0);
  for (const element of a) {
    const row = [0];
    for (let i = 0; i < b.length; i++) {
      row.push(
        element === b[i] ? above[i] + 1 : Math.max(above[i + 1], row[i]),
      );
    }
    above = row;
  }
  return above[b.length];
}

Deno.test("countCommonSubsequence() counts what stands in both lists in the same order", () => {
  assertEquals(countCommonSubsequence([..."ABCBDAB"], [..."BDCABA"]), 4);
  assertEquals(countCommonSubsequence([..."AGGTAB"], [..."GXTXAYB"]), 4);
  assertEquals(countCommonSubsequence([..."abc"], [..."xyz"]), 0);
  assertEquals(countCommonSubsequence([], [..."abc"]), 0);
  assertEquals(countCommonSubsequence([..."abc"], []), 0);
});

Deno.test("countCommonSubsequence() carries over every 32nd element", () => {
  for (const length of [31, 32, 33, 64, 65, 1000]) {
    const same = new Array(length).fill("a");
    assertStrictEquals(countCommonSubsequence(same, same), length);
  }
});

Deno.test("countCommonSubsequence() agrees with the table for many lists", () => {
  let state = 1;
  const random = (below: number) => {
    state = state * 48271 % 0x7fffffff;
    return state % below;
  };
  const list = (length: number, letters: number) =>
    Array.from({ length }, () => String(random(letters)));
  for (let round = 0; round < 300; round++) {
    const letters = 1 + random(12);
    const a = list(random(150), letters);
    const b = list(random(150), letters);
    assertStrictEquals(countCommonSubsequence(a, b), countByTable(a, b));
  }
});
