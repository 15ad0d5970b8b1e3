import { eventFormat } from "./event_format.ts";
import { insideBlock, opensWith } from "./injected_text.ts";
import { roleOf } from "./role_of.ts";
import { textOf } from "./text_of.ts";
import { textTurn } from "./text_turn.ts";

/**
 * Grok CLI: `{type: "user" | "assistant" | "tool_result", content}` per line. A user line with a
 * `synthetic_reason` is context that the program added.
 */
export const grokCli = eventFormat({
  name: "grok_cli",
  matches: (record) =>
    record.synthetic_reason !== undefined ||
    record.model_fingerprint !== undefined ||
    record.type === "backend_tool_call" ||
    (record.type === "user" && record.prompt_index !== undefined),
  ignored: {
    "user/synthetic": "context that the program added",
    "reasoning": "thoughts of the model",
    "tool_result": "what a tool answered",
    "backend_tool_call": "a tool's call",
  },
  turnOf: ({ type, content, synthetic_reason, model_id }) => {
    if ((synthetic_reason ?? null) !== null) return "user/synthetic";
    const words = textOf(content);
    const text = insideBlock(words, "user_query") ?? words;
    return opensWith(text, ["<user_info>"])
      ? "user/synthetic"
      : textTurn(roleOf(type), text, { model: model_id });
  },
});
