import { assertEquals } from "@std/assert";
import { readWatchDraft } from "./watch_draft.ts";

Deno.test("readWatchDraft() says nothing but what was written", () => {
  assertEquals(
    readWatchDraft({
      name: "support",
      table: "public.messages",
      evaluators: "refusal",
    }),
    {
      what: "watch",
      row: {
        name: "support",
        source: { type: "table", table: "public.messages" },
        evaluators: ["refusal"],
      },
    },
  );
});

Deno.test("readWatchDraft() reads limits, what was approved, and of a table what a watch takes", () => {
  assertEquals(
    readWatchDraft({
      name: "support",
      table: "support.notes",
      columns: '{"content":"body"}',
      where: "tenant = 7",
      news: "1",
      settle: "2 minutes",
      evaluators: '[{"type": "length", "max": 9}]',
      context: "conversation",
      redact: "1",
      sample: "0.1",
      max_cost: "2.5",
      max_answers: "1000",
      window_turns: "50",
      approved: "length = 0.8\na=b = 0.5\nmany",
    }).row,
    {
      name: "support",
      source: {
        type: "table",
        table: "support.notes",
        columns: { content: "body" },
        where: { tenant: 7 },
        settle: "2 minutes",
      },
      evaluators: [{ type: "length", max: 9 }],
      options: { context: "conversation", redact: true },
      sample: 0.1,
      max_cost_per_day: 2.5,
      max_answers_per_day: 1000,
      window_turns: 50,
      approved: { length: 0.8, "a=b": 0.5, many: "" },
    },
  );
});
