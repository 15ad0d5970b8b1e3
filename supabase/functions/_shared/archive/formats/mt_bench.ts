import { isTextList } from "../json.ts";
import { conversationFormat } from "./format.ts";
import { textTurn } from "./text_turn.ts";

/** MT-Bench: `{question_id, category, turns: ["…", "…"], reference}`, all of them a user's. */
export const mtBench = conversationFormat({
  name: "mt_bench",
  matches: (record) => isTextList(record.turns),
  read: (record) => {
    const asked = Array.isArray(record.turns) ? record.turns : [];
    const answers = Array.isArray(record.reference) ? record.reference : [];
    return [{
      id: record.question_id ?? record.id,
      title: record.category,
      turns: asked.flatMap((text, index) => [
        textTurn("user", text),
        textTurn("assistant", answers[index]),
      ]),
    }];
  },
});
