import { assertEquals, assertThrows } from "@std/assert";
import { readDraft } from "./draft.ts";
import { readPrompts } from "./prompts.ts";
import { readQueueDraft } from "./queue_draft.ts";
import { readWatchDraft } from "./watch_draft.ts";
import { attempt, readNumber, WrongField } from "./written.ts";

Deno.test("readNumber() takes nothing for nothing, and refuses what is no number by its field", () => {
  assertEquals(readNumber({}, "max_cost"), undefined);
  assertEquals(readNumber({ max_cost: " " }, "max_cost"), undefined);
  assertEquals(readNumber({ max_cost: " 2.5 " }, "max_cost"), 2.5);
  for (const text of ["5e", "1,5", "Infinity", "many"]) {
    assertThrows(() => readNumber({ max_cost: text }, "max_cost"), WrongField);
  }
});

Deno.test("attempt() tells the field of a ceiling that would silently be none", () => {
  const fieldOf = (read: () => unknown) => attempt(read).refusal?.field;
  assertEquals(fieldOf(() => readDraft({ max_cost: "5e" })), "max_cost");
  assertEquals(fieldOf(() => readWatchDraft({ max_cost: "5e" })), "max_cost");
  assertEquals(
    fieldOf(() => readPrompts({ max_prompts: "5e" })),
    "max_prompts",
  );
  assertEquals(fieldOf(() => readQueueDraft({ items: "5e" })), "items");
  assertEquals(fieldOf(() => readDraft({ evaluators: "[1" })), "evaluators");
  assertEquals(
    attempt(() => readPrompts({ max_prompts: "5" })).read?.maxPrompts,
    5,
  );
});
