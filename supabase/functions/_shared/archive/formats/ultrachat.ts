import { isTextList } from "../json.ts";
import { conversationFormat } from "./format.ts";
import { textTurn } from "./text_turn.ts";

/** UltraChat: `{id, data: ["user", "assistant", "user", …]}`, in turns by definition. */
export const ultrachat = conversationFormat({
  name: "ultrachat",
  matches: (record) => isTextList(record.data),
  read: ({ id, data }) => [{
    id,
    turns: (Array.isArray(data) ? data : []).map((text, index) =>
      textTurn(index % 2 === 0 ? "user" : "assistant", text)
    ),
  }],
});
