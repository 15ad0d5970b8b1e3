import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  addNext,
  addPrevious,
  beginWindow,
  PAGE_ROWS,
  toFraction,
  toPosition,
} from "./answer_window.ts";
import type { AnswerPage, ListedAnswer } from "./answers.ts";

const all = Array.from(
  { length: 500 },
  (_, id) => ({ id, position: String(id) }) as ListedAnswer,
);

/** As browse_evaluations() pages. */
function browse(after: string | null, backwards = false): AnswerPage {
  const place = after === null ? -1 : Number(after);
  const rows = backwards
    ? all.slice(Math.max(0, place - PAGE_ROWS), place)
    : all.slice(place + 1, place + 1 + PAGE_ROWS);
  const end = backwards ? rows[0] : rows.at(-1);
  const isMore = backwards ? rows[0]?.id > 0 : end && end.id < all.length - 1;
  return { rows, next: isMore ? end!.position : null, scanned: rows.length };
}

Deno.test("a window holds neighbours without a gap, whichever way one goes", () => {
  fc.assert(fc.property(
    fc.option(fc.nat(450), { nil: undefined }),
    fc.array(fc.boolean(), { maxLength: 40 }),
    (start, steps) => {
      const after = start === undefined ? null : String(start);
      let window = beginWindow(after, browse(after));
      for (const forwards of steps) {
        if (forwards && window.next !== null) {
          window = addNext(window, browse(window.next));
        } else if (!forwards && window.previous !== null) {
          const before = window.rows[0]?.position ?? window.previous;
          window = addPrevious(window, browse(before, true));
        }
      }
      assert(window.rows.length <= 180);
      const ids = window.rows.map(({ id }) => id);
      assertEquals(ids, ids.map((_, index) => ids[0] + index));
      assertEquals(window.next === null, ids.at(-1) === 499);
    },
  ));
});

Deno.test("toPosition() is the inverse of toFraction()", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 0.999999, noNaN: true }),
      (fraction) => {
        const [, prefix] = toPosition(fraction, null).split(" ");
        assert(Math.abs(toFraction(prefix, null) - fraction) < 1e-9);
      },
    ),
  );
  assertEquals(toFraction("8", null), 0.5);
});

Deno.test("toPosition() finds keys that are no hashes among their marks", () => {
  const marks = ["apple", "pear", "plum", "quince"];
  assertEquals(toPosition(0.5, marks), "0 plum");
  assertEquals(toFraction("plum", marks), 0.5);
  assertEquals(toFraction("zebra", marks), 1);
});
