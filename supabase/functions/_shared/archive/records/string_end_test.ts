import { assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { findStringEnd, type StringSearch } from "./string_end.ts";

const BACKSLASH = 0x5c;
// Quotes and backslashes, and the bytes that are like a quote in all bits but one.
const aByte = fc.constantFrom(0x22, BACKSLASH, 0x00, 0x23, 0xa2, 0x61, 0xff);

/** The end of the string by looking at one byte after the other. */
function slowEnd(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    if (bytes[at] === BACKSLASH) at++;
    else if (bytes[at] === 0x22) return at + 1;
  }
  return -1;
}

Deno.test("findStringEnd() gives the same as a loop, wherever the bytes lie", () => {
  fc.assert(
    fc.property(
      fc.array(aByte, { maxLength: 60 }),
      fc.nat(7),
      fc.nat(60),
      fc.nat(60),
      (content, shift, start, length) => {
        const memory = new Uint8Array(shift + content.length + 1);
        memory.set(content, shift);
        const bytes = memory.subarray(shift);
        const from = Math.min(start, content.length);
        const to = Math.min(from + length, content.length);
        const search: StringSearch = { inString: false, at: from };
        assertStrictEquals(
          findStringEnd(bytes, from, to, search),
          slowEnd(bytes, from, to),
        );
      },
    ),
    { numRuns: 3000 },
  );
});

Deno.test("findStringEnd() goes on where the bytes ended", () => {
  const text = new TextEncoder().encode('a long text with \\\\\\" in it" rest');
  const whole = slowEnd(text, 0, text.length);
  for (let cut = 0; cut < whole; cut++) {
    const search: StringSearch = { inString: false, at: 0 };
    assertEquals(findStringEnd(text, 0, cut, search), -1);
    assertEquals(search.inString, true);
    assertStrictEquals(
      findStringEnd(text, search.at, text.length, search),
      whole,
    );
    assertEquals(search.inString, false);
  }
});
