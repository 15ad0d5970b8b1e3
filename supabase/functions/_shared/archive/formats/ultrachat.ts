import { isObject, isTextList, textOrUndefined } from "../json.ts";
import type { ConversationFormat } from "./format.ts";

/** UltraChat: `{id, data: ["user", "assistant", "user", …]}`, in turns by definition. */
export const ultrachat: ConversationFormat = {
  kind: "conversation",
  name: "ultrachat",
  matches: (record) => isObject(record) && isTextList(record.data),
  read: (record) => {
    if (!isObject(record) || !Array.isArray(record.data)) return [];
    return [{
      id: textOrUndefined(record.id),
      turns: record.data.flatMap((text, index) =>
        typeof text === "string" && text !== ""
          ? [{
            role: index % 2 === 0 ? "user" as const : "assistant" as const,
            text,
          }]
          : []
      ),
    }];
  },
};
