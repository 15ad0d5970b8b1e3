import type { Turn } from "../conversation.ts";
import { type Json, type JsonObject, objectsOf } from "../json.ts";
import { eventFormat } from "./event_format.ts";
import { type ConversationBuilder, messageFormat } from "./format.ts";
import { insideBlock, opensWith } from "./injected_text.ts";
import { messageTurn } from "./list_turns.ts";
import { textOf } from "./text_of.ts";
import { textTurn } from "./text_turn.ts";

const FEEDBACK = new Set<Json | undefined>([
  "user_feedback",
  "user_feedback_diff",
]);

/**
 * Cline, Roo and Kilo, `ui_messages.json`: `[{ts, type: "say" | "ask", say, text}]`. The prompts are
 * the task, which Roo says as the first text, and the feedback.
 */
export const cline = messageFormat({
  name: "cline",
  matches: (record) =>
    record.ts !== undefined &&
    (typeof record.say === "string" || typeof record.ask === "string"),
  open: openTask,
});

function openTask(): ConversationBuilder {
  const turns: Turn[] = [];
  return {
    add({ say, text, ts }) {
      const isTask = say === "task" || (turns.length === 0 && say === "text");
      const role = isTask || FEEDBACK.has(say)
        ? "user"
        : say === "text" || say === "completion_result"
        ? "assistant"
        : undefined;
      const turn = textTurn(role, text, { time: ts });
      return turn !== undefined && turns.push(turn) > 0;
    },
    build: () => [{ turns }],
  };
}

const TYPED_BLOCKS = ["task", "user_message", "feedback", "answer"];

/**
 * Their `api_conversation_history.json`: Anthropic messages in which what a person typed stands in
 * `<task>`, `<feedback>` or `<answer>`; everything else with role user is made by the program.
 */
export const clineHistory = eventFormat({
  name: "cline_history",
  matches: (record) =>
    record.role === "user" &&
    blocksOf(record).some((text) =>
      opensWith(text, ["<task>", "<environment_details>"])
    ),
  ignored: {
    "user/program": "what a tool answered and what the program added",
  },
  turnOf: (record) => {
    if (record.role !== "user") return messageTurn(record);
    const text = blocksOf(record).flatMap(typedParts).join("\n");
    return textTurn("user", text, { time: record.ts }) ?? "user/program";
  },
});

function blocksOf(record: JsonObject): string[] {
  if (typeof record.content === "string") return [record.content];
  // Feedback to a tool's result stands inside of it.
  return objectsOf(record.content).map((block) =>
    block.type === "tool_result" ? textOf(block.content) : textOf([block])
  );
}

function typedParts(text: string): string[] {
  return TYPED_BLOCKS.map((tag) => insideBlock(text, tag))
    .filter((inside) => inside !== undefined && inside !== "") as string[];
}
