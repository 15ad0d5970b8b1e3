import { isTextList, textOrUndefined } from "../json.ts";
import { conversationFormat } from "./format.ts";
import { textTurn, turnsOf } from "./text_turn.ts";

/** MT-Bench: `{question_id, category, turns: ["…", "…"], reference}`, all of them a user's. */
export const mtBench = conversationFormat({
  name: "mt_bench",
  matches: (record) => isTextList(record.turns),
  read: (record) => {
    const asked = Array.isArray(record.turns) ? record.turns : [];
    const answers = Array.isArray(record.reference) ? record.reference : [];
    return [{
      id: textOrUndefined(record.question_id ?? record.id),
      title: textOrUndefined(record.category),
      turns: turnsOf(asked.flatMap((text, index) => [
        textTurn("user", text),
        textTurn("assistant", answers[index]),
      ])),
    }];
  },
});
