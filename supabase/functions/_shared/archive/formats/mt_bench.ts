import { isObject, isTextList, textOrUndefined } from "../json.ts";
import type { ConversationFormat } from "./format.ts";

/** MT-Bench: `{question_id, category, turns: ["…", "…"], reference}`, all of them a user's. */
export const mtBench: ConversationFormat = {
  kind: "conversation",
  name: "mt_bench",
  matches: (record) => isObject(record) && isTextList(record.turns),
  read: (record) => {
    if (!isObject(record) || !Array.isArray(record.turns)) return [];
    const answers = Array.isArray(record.reference) ? record.reference : [];
    return [{
      id: textOrUndefined(record.question_id ?? record.id),
      title: textOrUndefined(record.category),
      turns: record.turns.flatMap((text, index) => {
        const answer = answers[index];
        return [
          ...typeof text === "string" ? [{ role: "user" as const, text }] : [],
          ...typeof answer === "string" && answer !== ""
            ? [{ role: "assistant" as const, text: answer }]
            : [],
        ];
      }),
    }];
  },
};
