import { firstObject, isObject, objectsOf } from "../json.ts";
import { conversationFormat } from "./format.ts";
import { listTurns } from "./list_turns.ts";

/** Continue's sessions: `{sessionId, title, history: [{message: {role, content}}]}`. */
export const continueDev = conversationFormat({
  name: "continue",
  matches: (record) => isObject(firstObject(record.history)?.message),
  read: (record) => [{
    id: record.sessionId,
    title: record.title,
    turns: listTurns(
      objectsOf(record.history).map(({ message }) => message ?? null),
    ),
  }],
});
