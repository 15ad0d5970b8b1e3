import type { Turn } from "../conversation.ts";
import {
  isObject,
  type JsonObject,
  objectsOf,
  textOrUndefined,
} from "../json.ts";
import type { ConversationFormat } from "./format.ts";
import { roleOf } from "./role_of.ts";
import { textOf } from "./text_of.ts";

/**
 * Google AI Studio, one file per conversation: `{chunkedPrompt: {chunks: [{role, text}]}}`. Thoughts
 * and files are no turns, `pendingInputs` was never sent.
 */
export const aiStudio: ConversationFormat = {
  kind: "conversation",
  name: "ai_studio",
  matches: (record) => isObject(record) && isObject(record.chunkedPrompt),
  read: (record) => {
    if (!isObject(record) || !isObject(record.chunkedPrompt)) return [];
    const settings = isObject(record.runSettings) ? record.runSettings : {};
    const system = textOf(record.systemInstruction);
    const turns = objectsOf(record.chunkedPrompt.chunks)
      .map(toTurn).filter((turn) => turn !== undefined);
    return [{
      id: textOrUndefined(record.id),
      title: textOrUndefined(record.displayName ?? record.title),
      model: textOrUndefined(settings.model),
      turns: system === ""
        ? turns
        : [{ role: "system", text: system }, ...turns],
    }];
  },
};

function toTurn(chunk: JsonObject): Turn | undefined {
  const role = roleOf(chunk.role);
  if (role === undefined || chunk.isThought === true) return undefined;
  const text = typeof chunk.text === "string" && chunk.text !== ""
    ? chunk.text
    : textOf(chunk.parts);
  if (text === "") return undefined;
  const id = textOrUndefined(chunk.id);
  const time = chunk.createTime;
  return { role, text, ...id && { id }, ...time && { time } };
}
