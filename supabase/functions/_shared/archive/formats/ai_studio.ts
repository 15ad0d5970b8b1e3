import type { Turn } from "../conversation.ts";
import {
  isObject,
  type JsonObject,
  objectOrEmpty,
  objectsOf,
} from "../json.ts";
import { leaveOut } from "../left_out.ts";
import { conversationFormat } from "./format.ts";
import { roleOf } from "./role_of.ts";
import { textOf } from "./text_of.ts";
import { textTurn } from "./text_turn.ts";

/**
 * Google AI Studio, one file per conversation: `{chunkedPrompt: {chunks: [{role, text}]}}`. Thoughts
 * and files are no turns, `pendingInputs` was never sent.
 */
export const aiStudio = conversationFormat({
  name: "ai_studio",
  matches: (record) => isObject(record.chunkedPrompt),
  read: (record) => {
    const { chunks } = objectOrEmpty(record.chunkedPrompt);
    return [{
      id: record.id,
      title: record.displayName ?? record.title,
      model: objectOrEmpty(record.runSettings).model,
      turns: [
        textTurn("system", textOf(record.systemInstruction)),
        ...objectsOf(chunks).map(toTurn),
      ],
    }];
  },
});

function toTurn(chunk: JsonObject): Turn | undefined {
  if (chunk.isThought === true) {
    leaveOut("chunk/thought", chunk, { "chunk/thought": "thoughts" });
    return undefined;
  }
  if (roleOf(chunk.role) === undefined) leaveOut(`author/${chunk.role}`, chunk);
  return textTurn(roleOf(chunk.role), chunk.text || textOf(chunk.parts), {
    id: chunk.id,
    time: chunk.createTime,
  });
}
