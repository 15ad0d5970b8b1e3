import type { Turn } from "../conversation.ts";
import { isObject, type JsonObject, textOrUndefined } from "../json.ts";
import type { ConversationFormat } from "./format.ts";

/**
 * Alpaca: `{instruction, input, output, system, history: [[user, assistant]]}`; Dolly writes
 * `context` and `response`. Instruction and input are one prompt, pairs of the history are prompts.
 */
export const alpaca: ConversationFormat = {
  kind: "conversation",
  name: "alpaca",
  matches: (record) =>
    isObject(record) && typeof record.instruction === "string" &&
    (record.output !== undefined || record.response !== undefined ||
      record.input !== undefined),
  read: (record) => {
    if (!isObject(record)) return [];
    const turns = historyTurns(record);
    const rest = textOrUndefined(record.input) ??
      textOrUndefined(record.context);
    const instruction = String(record.instruction);
    turns.push({
      role: "user",
      text: rest === undefined ? instruction : `${instruction}\n${rest}`,
    });
    const answer = record.output ?? record.response;
    if (typeof answer === "string" && answer !== "") {
      turns.push({ role: "assistant", text: answer });
    }
    return [{ id: textOrUndefined(record.id), turns }];
  },
};

function historyTurns({ system, history }: JsonObject): Turn[] {
  const turns: Turn[] = [];
  if (typeof system === "string" && system !== "") {
    turns.push({ role: "system", text: system });
  }
  for (const pair of Array.isArray(history) ? history : []) {
    if (!Array.isArray(pair)) continue;
    const [asked, answered] = pair;
    if (typeof asked === "string" && asked !== "") {
      turns.push({ role: "user", text: asked });
    }
    if (typeof answered === "string" && answered !== "") {
      turns.push({ role: "assistant", text: answered });
    }
  }
  return turns;
}
