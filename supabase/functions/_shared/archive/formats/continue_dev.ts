import { firstObject, isObject, objectsOf, textOrUndefined } from "../json.ts";
import type { ConversationFormat } from "./format.ts";
import { listTurns } from "./list_turns.ts";

/** Continue's sessions: `{sessionId, title, history: [{message: {role, content}}]}`. */
export const continueDev: ConversationFormat = {
  kind: "conversation",
  name: "continue",
  matches: (record) =>
    isObject(record) && isObject(firstObject(record.history)?.message),
  read: (record) =>
    isObject(record)
      ? [{
        id: textOrUndefined(record.sessionId),
        title: textOrUndefined(record.title),
        turns: listTurns(
          objectsOf(record.history).map(({ message }) => message ?? null),
        ),
      }]
      : [],
};
