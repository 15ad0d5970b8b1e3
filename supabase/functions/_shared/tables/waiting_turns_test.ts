import { assertEquals } from "@std/assert";
import type { TablePrompt } from "./read_table.ts";
import {
  cursorOfWaiting,
  type WaitingTurns,
  withoutAnswered,
} from "./waiting_turns.ts";

const WAITS: WaitingTurns = {
  q1: { conversation: "a", number: 7, until: "2026-01-01T10:05:00.000Z" },
  q2: { conversation: "a", number: null, until: "2026-01-01T10:06:00.000Z" },
};

function turn(id: string, waitsUntil?: string): TablePrompt {
  return {
    conversation: "c",
    row: { id, key: "k", number: 9 },
    waitsUntil,
  } as unknown as TablePrompt;
}

Deno.test("cursorOfWaiting() names each conversation once, and when each row has waited enough", () => {
  assertEquals(cursorOfWaiting({}), null);
  assertEquals(cursorOfWaiting(WAITS), {
    conversations: ["a"],
    wanted: { q1: 7, q2: null },
    until: { q1: WAITS.q1.until, q2: WAITS.q2.until },
    isLater: true,
    resumeFrom: 0,
  });
});

Deno.test("withoutAnswered() keeps what a page has found without an answer, with its first time limit", () => {
  const later = "2026-01-01T11:00:00.000Z";
  assertEquals(
    withoutAnswered(WAITS, {
      prompts: [turn("q2\u001f3")],
      waiting: [turn("q1", later), turn("q3", later)],
    }, {}),
    {
      q1: { conversation: "c", number: 9, until: WAITS.q1.until },
      q3: { conversation: "c", number: 9, until: later },
    },
  );
});

Deno.test("withoutAnswered() gives up a row that its own page does not have any more", () => {
  assertEquals(
    withoutAnswered(
      WAITS,
      { prompts: [], waiting: [] },
      cursorOfWaiting(WAITS)!,
    ),
    {},
  );
});

Deno.test("of many that wait the next ones are looked at with the next scan", () => {
  let waits: WaitingTurns = Object.fromEntries(
    Array.from(
      { length: 700 },
      (_, n) => [`q${n}`, { ...WAITS.q1, conversation: `${n}` }],
    ),
  );
  const first = cursorOfWaiting(waits)!;
  assertEquals(first.conversations?.length, 500);
  waits = withoutAnswered(waits, {
    prompts: [],
    waiting: Object.keys(first.wanted!).map((id) => turn(id, "later")),
  }, first);
  assertEquals(Object.keys(waits).length, 700);
  assertEquals(Object.keys(waits)[0], "q500");
});
